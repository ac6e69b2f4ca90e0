#include "firewall/nft/wing.h"

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "firewall/nft/anchor_state.h"
#include "firewall/nft/compare_table.h"
#include "firewall/nft/read_table.h"
#include "firewall/nft/transaction.h"
#include "firewall/nft/write_table.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallAnchor;
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
    if (!found) return std::nullopt;
    model::Firewall result;
    result.policy = decode_policy(*found, desired);
    result.defects = find_defects(*found, result.policy);
    return result;
  }

  void write(const FirewallPolicy& to) override {
    with_retries(*sight_, [&](int number) {
      require(sight_->get());
      // Deltas first; should the kernel not take one, our table from nothing.
      const WriteMode mode = number < kTries ? WriteMode::kDelta : WriteMode::kWhole;
      carry_out(commands_for(read_table(sight_->get()), to, mode));
    });
  }

  void remove() override {
    with_retries(*sight_, [&](int) { carry_out(removal_commands(read_table(sight_->get()))); });
  }

 private:
  std::shared_ptr<Sight> sight_;
};

class OwnAnchors final : public Anchors {
 public:
  explicit OwnAnchors(std::shared_ptr<Sight> sight) : sight_(std::move(sight)) {}

  Glance glance() override { return sight_->renew().glance(); }

  bool foreign_rules() override { return sight_->get().foreign_rules(); }

  AnchorsFound look(FirewallAnchor wanted, std::uint32_t mark) override {
    const AnchorState state = read_anchors(sight_->get());
    sight_->forget();
    return judge(state.seen({mark}), wanted, "table ip ");
  }

  void put(FirewallAnchor anchor, const Marks& marks) override {
    with_retries(*sight_, [&](int) {
      require(sight_->get());
      carry_out(put_commands(read_anchors(sight_->get()), anchor, marks));
    });
  }

  void remove() override {
    with_retries(*sight_, [&](int) {
      const AnchorState state = read_anchors(sight_->get());
      carry_out(removal_commands(state, made_with_sets(state.look)));
    });
  }

 private:
  std::shared_ptr<Sight> sight_;
};

}  // namespace

Wing make_wing() {
  const auto sight = std::make_shared<Sight>();
  return {std::make_unique<OwnTable>(sight), std::make_unique<OwnAnchors>(sight)};
}

}  // namespace overland::firewall::nft
