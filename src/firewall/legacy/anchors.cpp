#include "firewall/legacy/anchors.h"

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/file_lock.h"
#include "firewall/legacy/look.h"
#include "firewall/legacy/old_sets.h"
#include "firewall/legacy/rewrite.h"
#include "firewall/legacy/table.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;

constexpr const char* kOldTable = "nat";  // where only earlier versions had rules

constexpr const char* kKind = "legacy table ";

class LegacyAnchors final : public Anchors {
 public:
  LegacyAnchors(base::Deadline& deadline, IptcOptions options)
      : deadline_(deadline), options_(std::move(options)) {}

  Glance glance() override {
    seen_ = legacy::look();
    return seen_->glance;
  }

  bool foreign_rules() override {
    if (!seen_) seen_ = legacy::look();
    return seen_->foreign_rules();
  }

  AnchorsFound look(const Places& wanted, std::uint32_t mark) override {
    const legacy::Look seen = seen_ ? *std::exchange(seen_, std::nullopt) : legacy::look();
    return judge(seen.anchors({mark}), wanted, kKind);
  }

  void put(const Places& places, const Marks& marks) override {
    seen_.reset();
    // Where only table `ip overland` had to change, nobody's lock is waited for.
    const AnchorsFound now = judge(legacy::look().anchors(marks), places, kKind);
    if (now.defects.empty() && now.anchor == places.anchor) return;
    const base::FileLock lock = take_lock();
    // Mark, sources and masquerade are table `ip overland`'s by now, so what an earlier version had
    // for them in these tables decides nothing any more and may go in any order.
    for (const char* table : {kForwardSpot.table, kPreroutingSpot.table}) {
      legacy::rewrite(table, places, marks);
    }
    if (live(kOldTable)) legacy::rewrite(kOldTable, places, marks);
  }

  void set_forward_policy(bool drop) override {
    seen_.reset();
    if (!live(kForwardSpot.table)) return;
    const Glance now = legacy::look().glance;
    if (now.forward_drops == drop && now.guarded == drop) return;
    const base::FileLock lock = take_lock();
    legacy::update(kForwardSpot.table, [&](legacy::Table& table) {
      table.set_policy(kForwardSpot.chain, drop);
      const bool marked = table.has(kClosedChain);
      if (drop && !marked) table.make(kClosedChain);
      if (!drop && marked) {
        table.flush(kClosedChain);
        table.remove(kClosedChain);
      }
      return true;
    });
  }

  void remove() override {
    seen_.reset();
    // Hosts that never had anything of ours here wait for nobody's lock.
    if (!legacy::look().anchors({}).any()) return;
    const base::FileLock lock = take_lock();
    // An earlier version's mark, set in raw, goes first: without it the rest does nothing.
    for (const char* table : {kPreroutingSpot.table, kForwardSpot.table, kOldTable}) {
      if (live(table)) legacy::rewrite(table, FirewallAnchor::kDockerNft, {});
    }
  }

  void remove_sets() override {
    if (legacy::live_tables()) legacy::destroy_old_sets();
  }

  std::vector<std::string> remnants() override { return legacy::remnants(); }

 private:
  static bool live(const std::string& table) {
    const auto tables = legacy::live_tables();
    return tables && tables->contains(table);
  }

  base::FileLock take_lock() const {
    const auto patience = options_.patience.value_or(deadline_.left());
    try {
      return base::FileLock(options_.lock);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kLocked || patience.count() == 0) throw;
    }
    if (options_.notice) {
      options_.notice("waiting up to " + std::to_string(patience.count() / 1000) +
                      " s for another program to release the xtables lock " +
                      options_.lock.string());
    }
    const auto start = base::Deadline::Clock::now();
    const auto waited = [&] {
      // What was asked for by name is no neighbour's fault.
      if (!options_.patience) return;
      deadline_.extend(
          std::chrono::ceil<std::chrono::milliseconds>(base::Deadline::Clock::now() - start));
    };
    try {
      base::FileLock lock(options_.lock, patience);
      waited();
      return lock;
    } catch (const base::Error&) {
      waited();
      throw;
    }
  }

  base::Deadline& deadline_;
  IptcOptions options_;
  std::optional<legacy::Look> seen_;
};

}  // namespace

std::unique_ptr<Anchors> make_legacy_anchors(base::Deadline& deadline, IptcOptions options) {
  return std::make_unique<LegacyAnchors>(deadline, std::move(options));
}

}  // namespace overland::firewall
