#pragma once
// One kernel rule, read from its expressions into the form in which nft/table.h writes it.
// Reading the kernel's form rather than libnftables' listing keeps reading independent of its
// version and of the size of the sets, which it loads whole whatever is asked. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/attributes.h"
#include "firewall/nft/statement.h"

namespace overland::firewall::nft {

/// The sorted elements of an anonymous set; nullopt for a named or unknown one.
using AnonymousSet = std::function<std::optional<std::vector<Range>>(const std::string& set)>;

/// `expressions` is NFTA_RULE_EXPRESSIONS. Counters lose their values, comments go.
Statements decode_rule(Bytes expressions, const AnonymousSet& anonymous);

/// The bits a packet's mark has to have for a rule that asks for nothing else; 0 of any other.
std::uint32_t mark_asked(Bytes expressions);

}  // namespace overland::firewall::nft
