#pragma once
// How many packets each rule of a legacy table has dropped so far, and what became of that.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::firewall::follow {

/// A rule that drops or rejects, or the policy of a chain where it does.
struct LegacyDropper {
  std::string chain;
  std::size_t rule = 0;  // counted from 1; 0: the policy
  std::uint64_t packets = 0;
  std::uint32_t source = 0, source_mask = 0;  // whom it asks for, in host order
  std::uint32_t destination = 0, destination_mask = 0;
  bool source_inverted = false, destination_inverted = false;
  std::string words;

  [[nodiscard]] bool concerns(const model::Address& from, const model::Address& to) const;
  /// The same but for the count.
  [[nodiscard]] bool is(const LegacyDropper& other) const;
};

/// Those that stand where a packet in base chain `chain` of `table` may come by, in their order.
/// Throws what legacy::Table does.
std::vector<LegacyDropper> droppers_from(const std::string& table, const std::string& chain);

/// Which of them most probably dropped `lost` packets between the two addresses: of those whose
/// count rose by that at least, the one that dropped fewest others meanwhile; "legacy filter
/// DOCKER-USER, rule 1: …". Where none is found, the table's chain alone.
std::string probable_dropper(const std::string& table, const std::string& chain,
                             const std::vector<LegacyDropper>& before,
                             const std::vector<LegacyDropper>& after, std::uint64_t lost,
                             const model::Address& from, const model::Address& to);

}  // namespace overland::firewall::follow
