#include "firewall/trace/trace.h"

#include <algorithm>

#include "base/error.h"

namespace overland::firewall::trace {
namespace {

constexpr int kDeepestJump = 16;       // NFT_JUMP_STACK_SIZE of the kernel
constexpr int kMostRules = 1'000'000;  // for one packet: what cannot be told branches

enum class Fate : std::uint8_t { kGoesOn, kAccepted, kDropped };

class Walk {
 public:
  Walk(TraceTable& table, const std::vector<std::string>& trusted, const TracedPacket& packet)
      : table_(table), trusted_(trusted), state_(packet) {}

  Fate chain(const std::string& name, Answer so_far, int depth) {
    if (depth > kDeepestJump) return Fate::kGoesOn;
    for (const TraceRule& rule : table_.rules(name)) {
      if (++seen_ > kMostRules) {
        throw base::Error(base::ErrorKind::kFailure, "it has too many rules to be followed");
      }
      for (const Branch& branch : follow_rule(rule.expressions, table_, state_)) {
        if (branch.applies == Answer::kNo || branch.applies == Answer::kOpen) continue;
        const Answer here = both(so_far, branch.applies);
        const bool certain = branch.applies == Answer::kYes;
        switch (branch.verdict) {
          case Verdict::kAccept:
            if (accepted(branch.applies)) return Fate::kAccepted;
            break;
          case Verdict::kDrop:
            drop(name, rule.handle, here);
            if (certain) return Fate::kDropped;
            break;
          case Verdict::kReturn:
            if (certain) return Fate::kGoesOn;
            doubtful_ = doubtful_ || branch.applies == Answer::kMaybe;
            break;
          case Verdict::kJump:
          case Verdict::kGoto:
            const Fate fate = jump(branch, here, depth);
            if (fate != Fate::kGoesOn) return fate;
            if (branch.verdict == Verdict::kGoto && certain) return Fate::kGoesOn;
        }
      }
    }
    return Fate::kGoesOn;
  }

  void drop(const std::string& chain, std::uint64_t handle, Answer applies) {
    if (applies == Answer::kUnsure) return;
    drops_.push_back({chain, handle, applies == Answer::kYes && !doubtful_});
  }

  std::vector<TraceDrop> finish() { return std::move(drops_); }

 private:
  /// One that cannot be told only makes later drops doubtful.
  bool accepted(Answer applies) {
    if (applies != Answer::kMaybe) return true;
    doubtful_ = true;
    return false;
  }

  Fate jump(const Branch& branch, Answer here, int depth) {
    const bool trusted =
        std::find(trusted_.begin(), trusted_.end(), branch.target) != trusted_.end();
    const Fate fate = trusted ? Fate::kAccepted : chain(branch.target, here, depth + 1);
    if (fate == Fate::kAccepted) return accepted(branch.applies) ? fate : Fate::kGoesOn;
    if (fate == Fate::kDropped && branch.applies == Answer::kYes) return fate;
    // Where it may never come back from, what follows may never be asked.
    if (branch.verdict == Verdict::kGoto && branch.applies == Answer::kMaybe) doubtful_ = true;
    return Fate::kGoesOn;
  }

  TraceTable& table_;
  const std::vector<std::string>& trusted_;
  PacketState state_;
  std::vector<TraceDrop> drops_;
  bool doubtful_ = false;  // the packet may have been accepted already
  int seen_ = 0;
};

}  // namespace

std::vector<TraceDrop> trace(TraceTable& table, const std::string& chain, bool policy_drops,
                             const std::vector<std::string>& trusted_chains,
                             const TracedPacket& packet) {
  Walk walk(table, trusted_chains, packet);
  const Fate fate = walk.chain(chain, Answer::kYes, 0);
  if (fate == Fate::kGoesOn && policy_drops) walk.drop(chain, 0, Answer::kYes);
  return walk.finish();
}

}  // namespace overland::firewall::trace
