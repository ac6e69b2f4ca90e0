#pragma once
// One kernel rule, read from its expressions into the JSON form in which nft_table.h writes it.
// Reading the kernel's form rather than libnftables' listing keeps reading independent of its
// version and of the size of the sets, which it loads whole whatever is asked. Pure.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "firewall/nft_attributes.h"

namespace overland::firewall {

/// The elements of an anonymous set, as a match's right side; null for a named or unknown set.
using AnonymousSet = std::function<nlohmann::json(const std::string& set)>;

/// `expressions` is NFTA_RULE_EXPRESSIONS. What we never write becomes {"unknown": NAME}, so that
/// such a rule equals none of ours. Counters lose their values, comments go.
nlohmann::json decode_rule(Bytes expressions, const AnonymousSet& anonymous);

}  // namespace overland::firewall
