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
  /// Where FORWARD has the policy DROP from us, as far as nf_tables remembers it.
  [[nodiscard]] std::vector<model::FirewallVariant> closed() const;
  /// kClosedChain is there.
  [[nodiscard]] bool marked_closed() const;
  [[nodiscard]] bool forward_drops() const;
  [[nodiscard]] Glance glance() const;
  /// Looks once more, and long, where tables of iptables are full.
  [[nodiscard]] bool foreign_rules() const;
};

/// A jump to a chain of ours that only what carries the one mark takes is as good as a plain one:
/// nothing else is accepted there.
AnchorRule as_anchor_rule(const RuleEntry& rule, const Marks& marks);

/// Throws kPrivilege without CAP_NET_ADMIN.
Look look();

/// Tables of our name in any family, and chains of our prefix in any table: clauses that name them.
std::vector<std::string> remnants();

/// What was seen last, for those who go by the same look.
class Sight {
 public:
  const Look& renew() { return seen_.emplace(look()); }
  const Look& get() { return seen_ ? *seen_ : renew(); }
  void forget() { seen_.reset(); }
  [[nodiscard]] bool held() const { return seen_.has_value(); }

 private:
  std::optional<Look> seen_;
};

}  // namespace overland::firewall::nft
