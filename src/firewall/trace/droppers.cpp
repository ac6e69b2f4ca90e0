#include "firewall/trace/droppers.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "base/error.h"
#include "firewall/anchors.h"
#include "firewall/trace/by_form.h"
#include "firewall/trace/followed.h"
#include "firewall/trace/outer_ways.h"
#include "firewall/trace/trace.h"
#include "firewall/trace/way.h"
#include "firewall/trace/words.h"

namespace overland::firewall::trace {
namespace {

using model::Finding;
using model::FirewallPolicy;
using model::Severity;

constexpr std::int32_t kTracked = -200;         // NF_IP_PRI_CONNTRACK
constexpr std::int32_t kOuterUntracked = -305;  // by our table
constexpr std::ptrdiff_t kMostFindings = 32;    // of either severity

class Findings {
 public:
  void tell(Finding finding) {
    const auto same = [&](const Finding& one) { return one.severity == finding.severity; };
    if (std::count_if(found_.begin(), found_.end(), same) < kMostFindings) {
      found_.push_back(std::move(finding));
    }
  }
  /// Once for each table.
  void cannot_tell(const ForeignTable& table, const std::string& fault) {
    if (!faulty_.insert(&table).second) return;
    tell({Severity::kUntold, "firewall",
          "whether " + table.title() + " drops traffic between hosts cannot be told: " + fault,
          ""});
  }
  [[nodiscard]] bool faulty(const ForeignTable& table) const { return faulty_.contains(&table); }
  std::vector<Finding> finish() { return std::move(found_); }

 private:
  std::vector<Finding> found_;
  std::set<const ForeignTable*> faulty_;
};

class Follower {
 public:
  Follower(const FirewallPolicy& policy, Findings& found) : policy_(policy), found_(found) {}

  /// One finding for each rule, about the first packet it drops, or may drop: where it is not known
  /// which link it takes, certain only what it does not escape by any.
  void follow(const Way& way, const Alike& alike) {
    std::vector<Seen> seen;
    bool all = true;
    for (const TracedPacket& packet : alike) all = run(way, packet, seen) && all;
    for (Seen& one : seen) {
      one.drop.certain = one.drop.certain && (all || alike.size() == 1);
      tell(*one.stop, one.drop, *one.packet);
    }
  }

 private:
  struct Seen {
    const Stop* stop;
    TraceDrop drop;
    const TracedPacket* packet;
  };

  static bool meets(const Stop& stop, const TracedPacket& packet) {
    const bool outer = packet.outer != 0;
    switch (stop.hook.number) {
      case kIngressHook:
        return !packet.sent && (stop.at(packet.in) || stop.under(packet.in) != nullptr);
      case kPreroutingHook:
        return outer ? !packet.sent : !stop.anchored;
      case kInputHook:
        return outer && !packet.sent;
      case kForwardHook:
        return !outer;
      case kOutputHook:
        return packet.sent;
      case kPostroutingHook:
        // What does not pass only has its source kept by ours, before others translate; what is not
        // tracked nobody translates.
        return (!outer || packet.sent) && (stop.hook.type != "nat" || packet.passes);
      default:
        return (!outer || packet.sent) &&
               (stop.at(packet.out) || stop.under(packet.out) != nullptr);
    }
  }

  /// Whether our table has given it the mark, and not yet taken it off.
  static bool marked(const nft::Hook& hook, const TracedPacket& packet) {
    const bool first = hook.number == kIngressHook || hook.number == kPreroutingHook;
    if (packet.outer == 0) {
      return !first || (hook.number == kPreroutingHook && hook.priority > kMarked);
    }
    if (packet.sent) return hook.number == kOutputHook && hook.priority <= kSentMarked;
    return !first && kOuterMarked < hook.priority;
  }

  /// Whether our table has told connection tracking to leave it alone.
  static bool untracked(const nft::Hook& hook, const TracedPacket& packet) {
    if (packet.sent) return hook.number != kOutputHook || hook.priority > kSentMarked;
    return hook.number == kInputHook ||
           (hook.number == kPreroutingHook && hook.priority > kOuterUntracked);
  }

  /// Whether it is gone for certain.
  bool run(const Way& way, const TracedPacket& packet, std::vector<Seen>& seen) {
    PacketState state(packet);
    state.mark = host_number(0);
    const bool outer = packet.outer != 0;
    bool has_mark = false;
    for (const Stop& stop : way.stops) {
      if (!meets(stop, packet)) continue;
      if (const LowerLink* lower = below(stop, packet)) {
        if (lost_below(stop, packet, *lower, seen)) return true;
        continue;
      }
      if (const bool now = marked(stop.hook, packet); now != has_mark) {
        state.mark = host_number(now ? packet.mark : 0);
        has_mark = now;
      }
      const std::uint32_t hook = stop.hook.number;
      const bool prerouting = hook == kPreroutingHook;
      const bool before = hook == kIngressHook || (prerouting && stop.hook.priority <= kTracked);
      state.tracked = !outer && !before;
      state.untracked = outer && untracked(stop.hook, packet);
      state.routed = !prerouting && hook != kIngressHook;
      if (lost(stop, state, packet, seen)) return true;
    }
    return false;
  }

  static const LowerLink* below(const Stop& stop, const TracedPacket& packet) {
    const bool ingress = stop.hook.number == kIngressHook;
    if (!ingress && stop.hook.number != kEgressHook) return nullptr;
    const std::string& link = ingress ? packet.in : packet.out;
    return stop.at(link) ? nullptr : stop.under(link);
  }

  /// There it has another link, and where several are beneath one nobody knows which.
  bool lost_below(const Stop& stop, const TracedPacket& packet, const LowerLink& lower,
                  std::vector<Seen>& seen) {
    const bool ingress = stop.hook.number == kIngressHook;
    TracedPacket there = packet;
    (ingress ? there.in : there.out) = lower.name;
    there.tagged = lower.tagged;
    PacketState state(there);
    if (!marked(stop.hook, packet)) state.mark = host_number(0);
    state.tracked = packet.outer == 0 && !ingress;
    state.untracked = packet.outer != 0 && untracked(stop.hook, packet);
    const std::size_t before = seen.size();
    const bool gone = lost(stop, state, packet, seen);
    for (std::size_t i = before; i < seen.size(); ++i) {
      seen[i].drop.certain = seen[i].drop.certain && lower.all;
    }
    return gone && lower.all;
  }

  bool lost(const Stop& stop, PacketState& state, const TracedPacket& packet,
            std::vector<Seen>& seen) {
    if (!stop.table->rules) found_.cannot_tell(*stop.table, stop.table->fault);
    if (found_.faulty(*stop.table)) return false;
    try {
      // What our chains accept is what has the mark: around a tunnel's packets not everywhere.
      const bool trusts = stop.table->anchored && state.packet.outer == 0;
      const auto drops = trace(*stop.table->rules, stop.chain, stop.hook.policy_drop,
                               trusts ? trusted_ : none_, state);
      for (const TraceDrop& drop : drops) seen.push_back({&stop, drop, &packet});
      return !drops.empty() && drops.back().certain && drops.back().loss == Loss::kPacket;
    } catch (const base::Error& error) {
      found_.cannot_tell(*stop.table, error.what());
      return false;
    }
  }

  void tell(const Stop& stop, const TraceDrop& drop, const TracedPacket& packet) {
    if (!told_.emplace(drop.loss, stop.table, drop.chain, drop.handle).second) return;
    found_.tell({drop.certain ? Severity::kConflict : Severity::kUntold, "firewall",
                 stop.table->place_of(drop.chain, drop.handle) + what_happens(drop, packet) +
                     unused(*stop.table, policy_),
                 remedy(stop, drop, packet, policy_)});
  }

  const FirewallPolicy& policy_;
  Findings& found_;
  const std::vector<std::string> trusted_ = {kDockerUserSpot.chain, kDockerUserSpot.target,
                                             kDockerForwardSpot.target, kPreroutingSpot.target,
                                             kInputSpot.target};
  const std::vector<std::string> none_;
  std::set<std::tuple<Loss, const ForeignTable*, std::string, std::uint64_t>> told_;
};

}  // namespace

std::vector<Finding> find_droppers(const FirewallPolicy& policy) {
  Findings found;
  nft::Socket socket;
  const auto packets = packets_of(policy, outer_ways(policy));
  const Way way = find_way(socket, policy, links_of(packets));
  Follower follower(policy, found);
  for (const Alike& alike : packets) follower.follow(way, alike);
  for (Finding& one : told_by_form(way, policy)) found.tell(std::move(one));
  return found.finish();
}

}  // namespace overland::firewall::trace
