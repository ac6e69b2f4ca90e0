#pragma once
// Whether any packet filter's rule, ours or another's, may have changed since: nf_tables tells by
// its generation, legacy tables have to be read each time.

#include <cstdint>
#include <string>

namespace overland::firewall {

/// A word: the generation of nf_tables, a sum over all legacy tables that live here (without their
/// counters) and over what program iptables is. Equal words: a look at the rules, and at who drops,
/// would see what it saw before. Throws kUnsupported where the kernel has no nf_tables.
std::string rules_sum(std::uint64_t seed);

}  // namespace overland::firewall
