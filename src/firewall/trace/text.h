#pragma once
// A kernel rule in nft's words, as far as they are known: for people, not for nft(8). Pure.

#include <string>

#include "firewall/attributes.h"

namespace overland::firewall::trace {

/// `expressions` is NFTA_RULE_EXPRESSIONS. "iifname \"eth0\" ip saddr 10.0.0.0/8 counter drop";
/// what we have no words for stands as the kernel's name of the expression in brackets. At most
/// some 200 characters, all of them printable.
std::string rule_text(Bytes expressions);

}  // namespace overland::firewall::trace
