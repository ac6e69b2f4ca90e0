#include "firewall/legacy/rewrite.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "firewall/legacy/look.h"
#include "firewall/legacy/table.h"

namespace overland::firewall::legacy {
namespace {

std::vector<AnchorSpot> spots_in(const std::string& table, const Places& places) {
  std::vector<AnchorSpot> spots = spots_of(places);
  std::erase_if(spots, [&](const AnchorSpot& spot) { return table != spot.table; });
  return spots;
}

const AnchorSpot* spot_at(const std::vector<AnchorSpot>& spots, const std::string& chain) {
  const auto found =
      std::ranges::find_if(spots, [&](const AnchorSpot& spot) { return chain == spot.chain; });
  return found == spots.end() ? nullptr : &*found;
}

class Rewrite {
 public:
  Rewrite(Table& table, std::vector<AnchorSpot> spots, const Marks& marks)
      : table_(table), spots_(std::move(spots)), marks_(marks), now_(look_at(table)) {}

  /// False: all is right.
  bool operator()() {
    remove_jumps();
    clear_chains();
    for (const AnchorSpot& spot : spots_) {
      fill(spot.target);
      put_jump(spot);
    }
    const bool made = now_.own.contains(kMadeDockerUser) && !wanted(kMadeDockerUser);
    if (made && table_.unused(kDockerUserSpot.chain)) {
      table_.remove(kDockerUserSpot.chain);
    }
    return changed_;
  }

 private:
  bool stands(const AnchorSpot& spot) { return jump_fault(spot, now_.places[spot.chain]).empty(); }

  void remove_jumps() {
    // From the last to the first, so that the positions stay true.
    for (auto jump = now_.jumps.rbegin(); jump != now_.jumps.rend(); ++jump) {
      const AnchorSpot* spot = spot_at(spots_, jump->chain);
      if (spot != nullptr && stands(*spot)) continue;
      table_.erase(jump->chain, jump->position);
      changed_ = true;
    }
  }

  /// That FORWARD is closed by us goes with the last of ours.
  bool wanted(const std::string& chain) const {
    if (chain == kClosedChain) return !marks_.empty();
    return std::ranges::any_of(spots_, [&](const AnchorSpot& spot) {
      return chain == (chain == kMadeDockerUser ? memory_of(spot) : spot.target);
    });
  }

  /// The chain that remembers that we made the spot's; only of one that Docker may have made.
  static const char* memory_of(const AnchorSpot& spot) {
    return std::string_view(spot.chain) == kDockerUserSpot.chain ? kMadeDockerUser : "";
  }

  /// First all flushed, then those removed: a chain can go only when no rule leads to it.
  void clear_chains() {
    for (const auto& [chain, rules] : now_.own) {
      const bool memory = chain == kMadeDockerUser || chain == kClosedChain;
      if (wanted(chain) && (memory || right(chain, rules, marks_))) continue;
      table_.flush(chain);
      changed_ = true;
    }
    for (const auto& [chain, rules] : now_.own) {
      if (!wanted(chain)) table_.remove(chain);
    }
  }

  void fill(const std::string& chain) {
    if (filled_.contains(chain)) return;
    const auto there = now_.own.find(chain);
    if (there != now_.own.end() && right(chain, there->second, marks_)) return;
    if (!table_.has(chain)) table_.make(chain);
    for (const MarkRule& rule : rules_of(chain, marks_)) table_.append(chain, rule);
    filled_.insert(chain);
    changed_ = true;
  }

  void put_jump(const AnchorSpot& spot) {
    if (stands(spot)) return;
    if (!table_.has(spot.chain)) {
      table_.make(spot.chain);
      const std::string memory = memory_of(spot);
      if (!memory.empty() && !table_.has(memory)) table_.make(memory);
    }
    table_.insert_jump(spot.chain, place_of(spot, now_.places[spot.chain]), spot.target);
    changed_ = true;
  }

  Table& table_;
  std::vector<AnchorSpot> spots_;
  const Marks& marks_;
  TableLook now_;
  std::set<std::string> filled_;
  bool changed_ = false;
};

}  // namespace

void rewrite(const std::string& table, const Places& places, const Marks& marks) {
  const std::vector<AnchorSpot> spots = spots_in(table, places);
  update(table, [&](Table& opened) { return Rewrite(opened, spots, marks)(); });
}

}  // namespace overland::firewall::legacy
