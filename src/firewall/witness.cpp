#include "firewall/witness.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "firewall/attributes.h"
#include "firewall/follow/brackets.h"
#include "firewall/follow/journeys.h"
#include "firewall/follow/legacy_counters.h"
#include "firewall/follow/own_table.h"
#include "firewall/follow/refused_route.h"
#include "firewall/follow/rule_names.h"
#include "firewall/legacy/table.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall {
namespace {

using Clock = std::chrono::steady_clock;
using follow::Bracket;
using follow::Journey;
using LegacyChain = std::pair<std::string, std::string>;  // table and base chain
using Counted = std::map<LegacyChain, std::vector<follow::LegacyDropper>>;

/// Bytes for what is told of a few thousand packets meanwhile: some 300 a rule.
constexpr int kRoom = 8 << 20;
/// A packet of which nothing more is told for so long is gone.
constexpr std::chrono::milliseconds kSilence(150);
/// Of one packet more the counters tell less: others are dropped meanwhile.
constexpr int kSendsForCounters = 5;

std::vector<std::uint16_t> ids_of(const std::vector<WitnessedFlow>& flows) {
  std::vector<std::uint16_t> ids;
  for (const WitnessedFlow& flow : flows) ids.push_back(flow.icmp_id);
  return ids;
}

Counted count(const std::vector<Bracket>& brackets) {
  Counted result;
  for (const Bracket& one : brackets) {
    if (one.legacy_table.empty()) continue;
    result[{one.legacy_table, one.legacy_chain}] =
        follow::droppers_from(one.legacy_table, one.legacy_chain);
  }
  return result;
}

/// Takes what the kernel tells of one packet; other messages of the group are none of ours.
bool hear(const nlmsghdr& message, follow::Journeys& journeys) {
  constexpr std::uint16_t kTrace = NFNL_SUBSYS_NFTABLES << 8U | NFT_MSG_TRACE;
  if (message.nlmsg_type != kTrace || message.nlmsg_len < NLMSG_SPACE(sizeof(nfgenmsg))) {
    return false;
  }
  const Bytes body = Bytes(reinterpret_cast<const std::uint8_t*>(&message), message.nlmsg_len)
                         .subspan(NLMSG_HDRLEN);
  return journeys.take(follow::read_sighting(body[0], body.subspan(NLMSG_ALIGN(sizeof(nfgenmsg)))));
}

class Witness {
 public:
  Witness(const std::vector<WitnessedFlow>& flows, std::vector<Bracket> brackets)
      : flows_(flows),
        brackets_(std::move(brackets)),
        ears_(NETLINK_NETFILTER, kRoom),
        table_(brackets_, ids_of(flows)),
        journeys_(flows, table_.name(), table_.origins()) {
    ears_.subscribe(NFNLGRP_NFTRACE);
    before_ = count(brackets_);
  }

  [[nodiscard]] bool has_legacy() const { return !before_.empty(); }

  void listen(Clock::time_point until) {
    while (Clock::now() < until && !finished_) {
      bool heard = false;
      const bool whole =
          ears_.listen(std::min(until, Clock::now() + kSilence), [&](const nlmsghdr& message) {
            heard = hear(message, journeys_) || heard;
            return true;
          });
      missed_ = missed_ || !whole;
      finished_ = !heard && all_lost();
    }
  }

  std::vector<WitnessedDrop> tell() {
    std::set<WitnessedDrop> found;
    follow::RuleNames names;
    for (const Journey& one : journeys_.all()) {
      if (one.dropped) found.insert(drop(one, true, names.name(*one.dropped)));
    }
    // Of what was lost for want of room nobody knows how it ended.
    if (!missed_) tell_of_vanished(found);
    return {found.begin(), found.end()};
  }

 private:
  /// The legacy chain a packet went into and was not seen behind.
  [[nodiscard]] const Bracket* swallowed_by(const Journey& one) const {
    const auto found = std::ranges::find_if(
        brackets_, [&](const Bracket& bracket) { return bracket.name == one.last; });
    const bool swallowed = !one.dropped && found != brackets_.end() && !found->legacy_table.empty();
    return swallowed ? &*found : nullptr;
  }
  [[nodiscard]] static bool lost_its_way(const Journey& one) {
    return !one.dropped && one.last == follow::kRouting;
  }

  [[nodiscard]] bool all_lost() const {
    std::set<std::size_t> lost;
    for (const Journey& one : journeys_.all()) {
      if (one.dropped || lost_its_way(one) || swallowed_by(one) != nullptr) lost.insert(one.flow);
    }
    return lost.size() == flows_.size();
  }

  [[nodiscard]] WitnessedDrop drop(const Journey& one, bool certain, std::string rule) const {
    return {flows_[one.flow], one.reply, certain, std::move(rule)};
  }

  void tell_of_vanished(std::set<WitnessedDrop>& found) const {
    std::map<std::tuple<std::size_t, bool, const Bracket*>, std::vector<const Journey*>> swallowed;
    for (const Journey& one : journeys_.all()) {
      if (const Bracket* by = swallowed_by(one)) {
        swallowed[{one.flow, one.reply, by}].push_back(&one);
      }
      if (!lost_its_way(one)) continue;
      const auto why =
          follow::refused_route({one.header.source, one.header.destination, one.in_link, one.mark});
      if (!why.empty()) found.insert(drop(one, true, why));
    }
    if (swallowed.empty()) return;
    const Counted after = count(brackets_);
    for (const auto& [which, journeys] : swallowed) {
      const Bracket& by = *std::get<2>(which);
      const LegacyChain chain = {by.legacy_table, by.legacy_chain};
      const Journey& one = *journeys.front();
      found.insert(drop(one, false,
                        follow::probable_dropper(
                            by.legacy_table, by.legacy_chain, before_.at(chain), after.at(chain),
                            journeys.size(), one.header.source, one.header.destination)));
    }
  }

  const std::vector<WitnessedFlow>& flows_;
  std::vector<Bracket> brackets_;
  netlink::Socket ears_;
  follow::OwnTable table_;
  follow::Journeys journeys_;
  Counted before_;
  bool missed_ = false;
  bool finished_ = false;
};

}  // namespace

std::vector<WitnessedDrop> witness(const std::vector<WitnessedFlow>& flows,
                                   const std::function<void()>& send,
                                   std::chrono::milliseconds bound) {
  if (flows.empty()) return {};
  const auto live = legacy::live_tables(follow::dropping_tables());
  Witness here(flows, follow::brackets(live.value_or(std::set<std::string>())));
  const int times = here.has_legacy() ? kSendsForCounters : 1;
  for (int i = 0; i < times; ++i) send();
  here.listen(Clock::now() + bound);
  return here.tell();
}

}  // namespace overland::firewall
