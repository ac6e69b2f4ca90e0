#pragma once
// The reverse of nft_rule.h: statements to the kernel's expressions, through libnftnl. Only for
// this folder.

#include <libnftnl/rule.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "firewall/nft_statement.h"

namespace overland::firewall {

/// Makes an anonymous set of these addresses in the same transaction; gives its NFTA_SET_ID.
using MakeAnonymous = std::function<std::uint32_t(const std::vector<NftRange>& ranges)>;

/// What the kernel replaces by a name of its own choice (nf_tables_set_alloc_name).
inline constexpr const char* kAnonymousName = "__set%d";

/// Adds `statements` to `rule`. NftUnknown among them is a programming error (std::logic_error).
void encode_rule(nftnl_rule& rule, const NftStatements& statements, const MakeAnonymous& anonymous);

}  // namespace overland::firewall
