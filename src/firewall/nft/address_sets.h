#pragma once
// How a list of prefixes is kept in nf_tables sets, so that a packet is looked up fast
// (docs/decisions/011). Few ranges are one interval set, "peer-hosts". Many, of few lengths, are
// one hash set for each length, "peer-hosts-32": it holds network addresses and is asked for the
// masked address of a packet. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/nft/dump.h"
#include "model/address.h"

namespace overland::firewall::nft {

struct AddressSet {
  std::string name;
  std::optional<std::uint8_t> length;  // of the prefixes a hash set holds, 1…32; none: intervals
  std::vector<Range> ranges;           // sorted
};

/// At least one set; the longest prefixes first. IPv4 prefixes only. The same addresses always give
/// the same sets.
std::vector<AddressSet> address_sets(const std::string& list,
                                     const std::vector<model::Prefix>& prefixes);

/// The name of the list a set of this name belongs to: "peer-hosts" for "peer-hosts-32".
std::string list_of(std::string_view set);
/// 32 for "peer-hosts-32"; nullopt for "peer-hosts".
std::optional<std::uint8_t> length_of(std::string_view set);

}  // namespace overland::firewall::nft
