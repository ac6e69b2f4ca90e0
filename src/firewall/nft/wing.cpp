#include "firewall/nft/wing.h"

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "firewall/nft/anchor_state.h"
#include "firewall/nft/arp_guards.h"
#include "firewall/nft/commands.h"
#include "firewall/nft/compare_table.h"
#include "firewall/nft/ipvlan_guards.h"
#include "firewall/nft/read_table.h"
#include "firewall/nft/transaction.h"
#include "firewall/nft/write_table.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

constexpr int kTries = 5;

/// Calls `attempt(number)` again where it fails with what most likely comes from somebody else, who
/// changed the rules between our look and our transaction; what fails for good fails again.
template <typename Attempt>
void with_retries(Sight& sight, Attempt attempt) {
  for (int number = 1;; ++number) {
    sight.forget();
    try {
      attempt(number);
      sight.forget();
      return;
    } catch (const base::Error& error) {
      if (number == kTries || error.kind() != base::ErrorKind::kFailure) throw;
    }
  }
}

void require(const Look& look) {
  if (look.usable) return;
  throw base::Error(base::ErrorKind::kUnsupported, "the kernel has no nf_tables");
}

class OwnTable final : public PolicyTable {
 public:
  explicit OwnTable(std::shared_ptr<Sight> sight) : sight_(std::move(sight)) {}

  std::optional<model::Firewall> read(const FirewallPolicy& desired) override {
    const auto found = read_table(sight_->get());
    ArpTable arp = read_arp_table();
    GuardTables guards = read_guard_tables();
    model::Firewall result;
    if (found) {
      result.policy = decode_policy(*found, desired);
      result.defects = find_defects(*found, result.policy);
      result.defects.insert(result.defects.end(), arp.defects.begin(), arp.defects.end());
      result.defects.insert(result.defects.end(), guards.defects.begin(), guards.defects.end());
    } else {
      const char* left = arp.there       ? "arp"
                         : guards.netdev ? "netdev"
                         : guards.inet   ? "inet"
                                         : nullptr;
      if (left == nullptr) return std::nullopt;
      result.defects.push_back(std::string("table ") + left +
                               " overland is left without table ip overland");
    }
    result.policy.arp_guards = std::move(arp.guards);
    result.policy.ipvlan_guards = std::move(guards.guards);
    return result;
  }

  void write(const FirewallPolicy& to) override {
    with_retries(*sight_, [&](int number) {
      require(sight_->get());
      // Deltas first; should the kernel not take one, our table from nothing.
      const WriteMode mode = number < kTries ? WriteMode::kDelta : WriteMode::kWhole;
      for (const auto& commands : commands_for(read_table(sight_->get()), to, mode)) {
        carry_out(commands);
      }
      // In a transaction of its own: a kernel may lack the family.
      carry_out(arp_commands(read_arp_table(), to.arp_guards));
      for (const auto& commands : guard_commands(read_guard_tables(), to.ipvlan_guards)) {
        carry_out(commands);
      }
    });
  }

  void remove() override {
    with_retries(*sight_, [&](int) {
      // First: as long as `table ip overland` stands, the others are looked for.
      carry_out(arp_commands(read_arp_table(), {}));
      for (const auto& commands : guard_commands(read_guard_tables(), {})) carry_out(commands);
      carry_out(removal_commands(read_table(sight_->get())));
    });
  }

  bool guards_links() override { return read_guard_tables().netdev || can_guard_links(); }

  std::vector<model::FirewallVariant> closed() override {
    const bool reading = sight_->held();
    auto result = sight_->get().closed();
    if (!reading) sight_->forget();  // who asks before a change goes by no look of before
    return result;
  }

  void remember_closed(model::FirewallVariant variant, bool closed) override {
    with_retries(*sight_, [&](int) {
      const std::string name = closed_name(variant);
      const bool there = sight_->get().chain(model::kNftTable, name) != nullptr;
      if (there == closed) return;
      Commands commands;
      const std::string table(model::kNftTable);
      if (closed) {
        commands.add(table);
        commands.add_chain(table, name);
      } else {
        commands.remove_chain(table, name);
      }
      carry_out(commands.take());
    });
  }

  Uncut uncut() override {
    const bool reading = sight_->held();
    auto result = read_uncut(sight_->get());
    if (!reading) sight_->forget();
    return result;
  }

  void remember_uncut(const Uncut& uncut) override {
    with_retries(*sight_, [&](int) {
      const auto there = read_uncut(sight_->get());
      if (there != uncut) carry_out(uncut_commands(read_table(sight_->get()), uncut));
    });
  }

 private:
  std::shared_ptr<Sight> sight_;
};

class OwnAnchors final : public Anchors {
 public:
  explicit OwnAnchors(std::shared_ptr<Sight> sight) : sight_(std::move(sight)) {}

  Glance glance() override { return sight_->renew().glance(); }

  bool foreign_rules() override { return sight_->get().foreign_rules(); }

  AnchorsFound look(const Places& wanted, std::uint32_t mark) override {
    const AnchorState state = read_anchors(sight_->get());
    sight_->forget();
    return judge(state.seen({mark}), wanted, "table ip ");
  }

  void put(const Places& places, const Marks& marks) override {
    with_retries(*sight_, [&](int) {
      require(sight_->get());
      carry_out(put_commands(read_anchors(sight_->get()), places, marks));
    });
  }

  void set_forward_policy(bool drop) override {
    with_retries(*sight_, [&](int) {
      const Look& look = sight_->get();
      const bool there = look.chain(kForwardSpot.table, kForwardSpot.chain) != nullptr;
      Commands commands;
      if (there && look.forward_drops() != drop) {
        commands.add_policy(kForwardSpot.table, kForwardSpot.chain, drop ? "drop" : "accept");
      }
      if (there && drop) commands.add_chain(kForwardSpot.table, kClosedChain);
      if (look.marked_closed() && !drop) {
        commands.flush_chain(kForwardSpot.table, kClosedChain);
        commands.remove_chain(kForwardSpot.table, kClosedChain);
      }
      carry_out(commands.take());
    });
  }

  void remove() override {
    with_retries(*sight_, [&](int) {
      const AnchorState state = read_anchors(sight_->get());
      carry_out(removal_commands(state, made_with_sets(state.look)));
    });
  }

  std::vector<std::string> remnants() override { return nft::remnants(); }

 private:
  std::shared_ptr<Sight> sight_;
};

}  // namespace

Wing make_wing() {
  const auto sight = std::make_shared<Sight>();
  return {std::make_unique<OwnTable>(sight), std::make_unique<OwnAnchors>(sight)};
}

}  // namespace overland::firewall::nft
