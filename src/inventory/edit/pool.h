#pragma once
// The subnets of the pool that are given to hosts: the next after the highest in use, and one that
// came free only once the pool is through, so that no packet to an old owner finds a new one.

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "inventory/inventory.h"

namespace overland::inventory {

class SubnetPool {
 public:
  /// Bips of `length` bits from the cluster's pool, apart from all bridge subnets, segments and
  /// Docker's address pools. Throws kInventory where there is no pool, or it is longer than that.
  SubnetPool(const Inventory& inventory, std::uint8_t length);

  /// The first address of the next subnet; nullopt where the pool is full.
  std::optional<model::InterfaceAddress> next();

 private:
  using Number = std::uint64_t;
  using Range = std::pair<Number, Number>;  // of addresses; the second one is not in it

  /// The first free subnet from `from` to `limit`.
  [[nodiscard]] std::optional<Number> find(Number from, Number limit) const;

  std::uint8_t length_;
  Number size_;  // of one subnet, in addresses
  Range pool_;
  Number start_;               // behind the highest in use
  Number at_;                  // nothing before it is free in this round
  bool second_round_ = false;  // from the pool's beginning up to start_
  std::vector<Range> taken_;   // sorted, apart
};

/// The slots that are given to hosts: likewise.
class SlotPool {
 public:
  explicit SlotPool(const Inventory& inventory);

  /// Whether a network has pieces by slot at all.
  [[nodiscard]] bool wanted() const { return limit_ > 0; }
  /// nullopt where some network has no piece left.
  std::optional<std::uint32_t> next();

 private:
  std::uint64_t limit_ = 0;  // the least number of pieces that a network has
  std::uint64_t at_ = 0;
  bool second_round_ = false;
  std::set<std::uint64_t> taken_;
};

}  // namespace overland::inventory
