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
  Walk(TraceTable& table, const std::vector<std::string>& trusted, PacketState& state)
      : table_(table), trusted_(trusted), state_(state) {}

  Fate chain(const std::string& name, Answer so_far, int depth) {
    if (depth > kDeepestJump) return Fate::kGoesOn;
    for (const TraceRule& rule : table_.rules(name)) {
      if (++seen_ > kMostRules) {
        throw base::Error(base::ErrorKind::kFailure, "it has too many rules to be followed");
      }
      for (const Branch& branch : follow(name, rule, so_far)) {
        if (branch.applies == Answer::kNo) continue;
        if (branch.applies == Answer::kOpen) {
          take_some(name, rule, branch, depth);
          continue;
        }
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
          case Verdict::kTranslate:
            note({Loss::kSource, name, rule.handle, true}, here);
            if (certain) return Fate::kAccepted;
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
    note({Loss::kPacket, chain, handle, true}, applies);
  }

  std::vector<TraceDrop> finish() { return std::move(drops_); }

 private:
  /// Around a tunnel's packets nothing is left open to mean somebody else's: a rule about a length
  /// or a payload may be about all of them. An accept of some saves nobody.
  void take_some(const std::string& name, const TraceRule& rule, const Branch& branch, int depth) {
    if (state_.packet.outer == 0) return;
    if (branch.verdict == Verdict::kDrop) drop(name, rule.handle, Answer::kOpen);
    if (branch.verdict != Verdict::kJump && branch.verdict != Verdict::kGoto) return;
    const bool doubtful = doubtful_;
    chain(branch.target, Answer::kOpen, depth + 1);
    doubtful_ = doubtful;
  }

  void note(TraceDrop found, Answer applies) {
    if (applies == Answer::kUnsure) return;
    found.certain = found.certain && applies == Answer::kYes && !doubtful_;
    drops_.push_back(std::move(found));
  }

  std::vector<Branch> follow(const std::string& name, const TraceRule& rule, Answer so_far) {
    const TraceBytes before = state_.mark;
    const bool had = state_.mark_lost() == Answer::kNo;
    state_.reached = both(so_far, doubtful_ ? Answer::kMaybe : Answer::kYes);
    state_.guessed = false;
    auto branches = follow_rule(rule.expressions, table_, state_);
    const Answer lost = had ? state_.mark_lost() : Answer::kNo;
    if (lost != Answer::kNo) {
      // That of the UDP packets alone is a loss all the same.
      const bool some = lost == Answer::kOpen && so_far == Answer::kYes && !state_.guessed;
      note({Loss::kMark, name, rule.handle, true}, some ? Answer::kYes : lost);
      state_.mark = before;
    }
    return branches;
  }

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
  PacketState& state_;
  std::vector<TraceDrop> drops_;
  bool doubtful_ = false;  // the packet may have been accepted already
  int seen_ = 0;
};

}  // namespace

std::vector<TraceDrop> trace(TraceTable& table, const std::string& chain, bool policy_drops,
                             const std::vector<std::string>& trusted_chains, PacketState& state) {
  Walk walk(table, trusted_chains, state);
  const Fate fate = walk.chain(chain, Answer::kYes, 0);
  if (fate == Fate::kGoesOn && policy_drops) walk.drop(chain, 0, Answer::kYes);
  return walk.finish();
}

}  // namespace overland::firewall::trace
