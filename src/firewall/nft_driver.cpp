#include "firewall/nft_driver.h"

#include <utility>

#include "base/error.h"
#include "firewall/nft_compare.h"
#include "firewall/nft_transaction.h"
#include "firewall/nft_write.h"

namespace overland::firewall {
namespace {

constexpr int kTries = 5;

/// Most likely somebody else changed the rules between our look and our transaction; what fails for
/// good fails again.
bool worth_another_try(const base::Error& error) {
  return error.kind() == base::ErrorKind::kFailure;
}

/// Calls `attempt(number)` again while that may help.
template <typename Attempt>
auto with_retries(Attempt attempt) {
  for (int number = 1;; ++number) {
    try {
      return attempt(number);
    } catch (const base::Error& error) {
      if (number == kTries || !worth_another_try(error)) throw;
    }
  }
}

class NftDriver final : public Driver {
 public:
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override {
    return with_retries([&](int) -> std::optional<model::Firewall> {
      const NftState state = read_state();
      if (!state.ours()) return std::nullopt;
      model::Firewall result;
      result.policy = decode_policy(state, desired);
      result.defects = find_defects(state, result.policy);
      return result;
    });
  }

  void write(const std::optional<model::Firewall>& /*from*/,
             const model::FirewallPolicy& to) override {
    with_retries([&](int number) {
      const NftState state = read_state();
      // Deltas first; should the kernel not take one, our table from nothing.
      const WriteMode mode = number < kTries ? WriteMode::kDelta : WriteMode::kWhole;
      carry_out(commands_for(state, to, mode));
    });
  }

  void remove() override {
    with_retries([&](int number) {
      const NftState state = read_state();
      // A chain we made may be referred to from where we do not look: then it stays.
      const RemoveMode mode = number < kTries ? RemoveMode::kEverything : RemoveMode::kMarked;
      carry_out(removal_commands(state, mode));
    });
  }
};

}  // namespace

std::unique_ptr<Driver> make_nft_driver() { return std::make_unique<NftDriver>(); }

}  // namespace overland::firewall
