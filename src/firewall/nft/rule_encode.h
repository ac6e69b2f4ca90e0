#pragma once
// The reverse of nft/rule.h: statements to the kernel's expressions, through libnftnl. Only for
// this folder.

#include <libnftnl/rule.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "firewall/nft/statement.h"

namespace overland::firewall::nft {

/// Makes an anonymous set of these addresses in the same transaction; gives its NFTA_SET_ID.
using MakeAnonymous = std::function<std::uint32_t(const std::vector<Range>& ranges)>;

/// What the kernel replaces by a name of its own choice (nf_tables_set_alloc_name).
inline constexpr const char* kAnonymousName = "__set%d";

/// Adds `statements` to `rule`. Unknown among them is a programming error (std::logic_error).
void encode_rule(nftnl_rule& rule, const Statements& statements, const MakeAnonymous& anonymous);

}  // namespace overland::firewall::nft
