#pragma once
// All that concerns us in nf_tables, as found: our table, our chains in the tables of iptables, and
// the chains our jumps belong into.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/nft_table.h"

namespace overland::firewall {

/// A place for a jump into a chain of ours.
struct NftSpot {
  const char* table;
  const char* chain;
  const char* target;
};

inline constexpr NftSpot kDockerUserSpot = {"filter", "DOCKER-USER", "OVERLAND-FORWARD"};
inline constexpr NftSpot kForwardSpot = {"filter", "FORWARD", "OVERLAND-FORWARD"};
inline constexpr NftSpot kPreroutingSpot = {"raw", "PREROUTING", "OVERLAND-RAW"};
inline constexpr std::array<NftSpot, 3> kSpots = {kDockerUserSpot, kForwardSpot, kPreroutingSpot};

/// The spots a policy's anchor uses.
std::vector<NftSpot> spots_of(model::FirewallAnchor anchor);

/// A jump into a chain of ours from where none belongs.
struct NftStray {
  std::string table;
  NftRuleEntry rule;
};

struct NftState {
  std::vector<std::string> tables;                    // of family ip
  std::vector<NftChainEntry> chains;                  // of family ip
  std::vector<std::string> with_sets;                 // of the tables we made: those that hold sets
  std::optional<NftTable> table;                      // ours
  std::optional<std::vector<NftStatements>> forward;  // rules of OVERLAND-FORWARD
  std::optional<std::vector<NftStatements>> raw;      // rules of OVERLAND-RAW
  std::array<std::vector<NftRuleEntry>, kSpots.size()> spots;  // rules of each spot's chain
  std::vector<NftStray> strays;

  [[nodiscard]] bool has_table(std::string_view name) const;
  [[nodiscard]] const NftChainEntry* chain(std::string_view table, std::string_view name) const;
  [[nodiscard]] const std::vector<NftRuleEntry>& rules_at(const NftSpot& spot) const;
  [[nodiscard]] const std::optional<std::vector<NftStatements>>& rules_of(
      const NftSpot& spot) const;
  /// Handles of the jumps and gotos at `spot` into our chain, in order.
  [[nodiscard]] std::vector<std::uint64_t> jumps_at(const NftSpot& spot) const;
  /// Exactly one jump, unconditional, and first; no goto.
  [[nodiscard]] bool jump_stands(const NftSpot& spot) const;
  /// Anything of ours at all.
  [[nodiscard]] bool ours() const;
};

/// Changes nothing and makes no table.
NftState read_state();

}  // namespace overland::firewall
