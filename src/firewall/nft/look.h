#pragma once
// One look at nf_tables, family ip: the tables, the chains, and the rules of the chains our anchors
// stand in. Facts and state of one survey go by the same look.

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "firewall/anchors.h"
#include "firewall/nft/dump.h"

namespace overland::firewall::nft {

struct Look {
  bool usable = false;  // the kernel has nf_tables
  std::vector<TableEntry> tables;
  std::vector<ChainEntry> chains;
  std::array<std::vector<RuleEntry>, kSpots.size()> spots;  // rules of each spot's chain

  [[nodiscard]] const TableEntry* table(std::string_view name) const;
  [[nodiscard]] const ChainEntry* chain(std::string_view table, std::string_view name) const;
  [[nodiscard]] const std::vector<RuleEntry>& rules_at(const AnchorSpot& spot) const;
  /// What of iptables we had to make, as remembered in our table (kMadePrefix).
  [[nodiscard]] bool made(std::string_view table, std::string_view chain = "") const;
  [[nodiscard]] Glance glance() const;
  /// Looks once more, and long, where tables of iptables are full.
  [[nodiscard]] bool foreign_rules() const;
};

/// Throws kPrivilege without CAP_NET_ADMIN.
Look look();

/// What was seen last, for those who go by the same look.
class Sight {
 public:
  const Look& renew() { return seen_.emplace(look()); }
  const Look& get() { return seen_ ? *seen_ : renew(); }
  void forget() { seen_.reset(); }

 private:
  std::optional<Look> seen_;
};

}  // namespace overland::firewall::nft
