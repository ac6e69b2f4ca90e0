#include "firewall/trace/droppers.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "base/error.h"
#include "firewall/anchors.h"
#include "firewall/trace/by_form.h"
#include "firewall/trace/trace.h"
#include "firewall/trace/way.h"

namespace overland::firewall::trace {
namespace {

using model::Finding;
using model::FirewallPolicy;
using model::FirewallVariant;
using model::Prefix;
using model::Severity;

constexpr std::size_t kMostPeers = 32;        // whose traffic is followed
constexpr std::ptrdiff_t kMostFindings = 32;  // of either severity

/// Our mark is set at prerouting with this priority; at INPUT around a tunnel's packets alone,
/// which lose it again.
constexpr std::int32_t kMarked = -310;
constexpr std::int32_t kOuterMarked = -10;
constexpr std::int32_t kOuterDone = 100;

std::string first_or_unknown(const std::vector<std::string>& links) {
  return links.empty() ? "" : links.front();
}

bool believes(const FirewallPolicy& policy, const model::Ingress& link, const Prefix& peer) {
  const auto meets = [&](const Prefix& one) { return one.overlaps(peer); };
  return std::ranges::any_of(believed(link.subnets, policy.peer_subnets), meets) ||
         std::ranges::any_of(believed(link.hosts, policy.peer_hosts), meets);
}

/// The link it is believed on, and so reached by; empty where there are several or none.
std::string comes_by(const FirewallPolicy& policy, const Prefix& peer) {
  std::string only;
  for (const model::Ingress& link : policy.ingress) {
    const auto& all = believed(link.transit, policy.transit);
    if (std::ranges::none_of(all, [&](const Prefix& one) { return one.overlaps(peer); })) continue;
    if (!only.empty()) return "";
    only = link.link;
  }
  return only;
}

/// Around what peers send by the tunnel, from wherever that comes.
void add_outer(const FirewallPolicy& policy, std::vector<TracedPacket>& packets) {
  if (!policy.tunnel) return;
  const auto& senders = policy.tunnel->senders;
  for (std::size_t i = 0; i < senders.size() && i < kMostPeers; ++i) {
    packets.push_back(
        {"", "", Prefix(senders[i].outer, 32), Prefix(), policy.mark, false, policy.tunnel->port});
  }
}

/// Both ways between every local subnet and every peer, by each underlay link it comes in on.
std::vector<TracedPacket> packets_of(const FirewallPolicy& policy) {
  std::vector<Prefix> peers = policy.peer_subnets;
  peers.insert(peers.end(), policy.peer_hosts.begin(), policy.peer_hosts.end());
  if (peers.size() > kMostPeers) peers.resize(kMostPeers);
  const std::string bridge = first_or_unknown(policy.bridges);
  std::vector<TracedPacket> packets;
  for (const Prefix& local : policy.local) {
    for (const Prefix& peer : peers) {
      for (const model::Ingress& one : policy.ingress) {
        if (!believes(policy, one, peer)) continue;
        packets.push_back({one.link, bridge, peer, local, policy.mark});
        packets.push_back({bridge, one.link, local, peer, policy.mark});
      }
    }
  }
  add_outer(policy, packets);
  const std::size_t most = std::min(policy.transit.size(), kMostPeers);
  for (std::size_t i = 0; i < most; ++i) {
    for (std::size_t j = 0; j < most; ++j) {
      if (i == j) continue;
      const std::string in = comes_by(policy, policy.transit[i]);
      const std::string out = comes_by(policy, policy.transit[j]);
      if (!in.empty() && in == out) continue;
      packets.push_back({in, out, policy.transit[i], policy.transit[j], policy.mark, true});
    }
  }
  return packets;
}

/// firewalld owns its table: what others put into it is refused, or lost with its next reload. The
/// rules name the bridge subnet alone, whoever the peers are: who gets in is Docker's and our
/// rules' affair, as it is where Docker 28 makes such a policy of its own for its zone.
std::string firewalld_remedy(const TracedPacket& packet, const FirewallPolicy& policy) {
  const bool leaves = std::any_of(policy.local.begin(), policy.local.end(),
                                  [&](const Prefix& one) { return one.contains(packet.source); });
  const std::string subnet = (leaves ? packet.source : packet.destination).to_string();
  const std::string command = "firewall-cmd --permanent --policy overland ";
  const std::string rule = "--add-rich-rule 'rule family=ipv4 ";
  return "firewall-cmd --permanent --new-policy overland; " + command + "--add-ingress-zone ANY; " +
         command + "--add-egress-zone ANY; " + command + rule + "destination address=" + subnet +
         " accept'; " + command + rule + "source address=" + subnet +
         " accept'; firewall-cmd --reload; overland apply";
}

/// The policy of INPUT stays: what else it keeps out is nobody's business here. The mark lets in
/// the least, where the packets around a tunnel's have it.
std::string outer_remedy(const Stop& stop, const TracedPacket& packet) {
  const ForeignTable& table = *stop.table;
  if (table.name == "firewalld" && !table.legacy) {
    return "firewall-cmd --permanent --add-port=" + std::to_string(packet.outer) +
           "/udp; firewall-cmd --reload; overland apply";
  }
  const bool at_input = stop.hook.number == kInputHook;
  if (at_input && kOuterMarked < stop.hook.priority && stop.hook.priority < kOuterDone) {
    return "accept what carries overland's mark before it: " +
           table.accept(stop.chain, packet.mark);
  }
  return "accept the tunnel's packets before it: " + table.accept_port(stop.chain, packet.outer);
}

/// Before our mark is set it helps nobody.
std::string remedy(const Stop& stop, const TraceDrop& drop, const TracedPacket& packet,
                   const FirewallPolicy& policy) {
  const ForeignTable& table = *stop.table;
  if (drop.loss == Loss::kSource) return table.remove(drop.chain, drop.handle);
  if (packet.outer != 0) return outer_remedy(stop, packet);
  if (table.name == "firewalld" && !table.legacy) return firewalld_remedy(packet, policy);
  if (table.of_iptables() && table.name == kForwardSpot.table) {
    const bool own = table.legacy == (policy.variant == FirewallVariant::kLegacy);
    if (own && table.anchored) return "move it below the jump to DOCKER-USER, or into DOCKER-USER";
    if (!own && drop.handle == 0) {
      return std::string(table.legacy ? "iptables-legacy" : "iptables-nft") + " -P FORWARD ACCEPT";
    }
    if (!own) return "remove it: " + table.remove(drop.chain, drop.handle);
  }
  if (stop.hook.number == kPreroutingHook && stop.hook.priority <= kMarked) {
    return "let it spare traffic between hosts";
  }
  return "accept what carries overland's mark before it: " + table.accept(stop.chain, packet.mark);
}

std::string what_happens(const TraceDrop& drop, const TracedPacket& packet) {
  const std::string may = drop.certain ? " " : " may ";
  const std::string s = drop.certain ? "s" : "";
  const std::string traffic =
      packet.outer != 0 ? packet.source.network().to_string() + " to UDP port " +
                              std::to_string(packet.outer) + " of the tunnel"
                        : packet.source.to_string() + " to " + packet.destination.to_string();
  switch (drop.loss) {
    case Loss::kMark:
      return may + "overwrite" + s + " the mark of traffic from " + traffic +
             ", and takes overland's accept away with it";
    case Loss::kSource:
      return may + "hide" + s + " the source of traffic from " + traffic;
    case Loss::kPacket:
      break;
  }
  return may + "drop" + s + " traffic from " + traffic;
}

/// Docker's own variant is the other one, so nobody minds this table.
std::string unused(const ForeignTable& table, const FirewallPolicy& policy) {
  const bool legacy = policy.variant == FirewallVariant::kLegacy;
  if (!table.of_iptables() || table.name != "filter" || table.legacy == legacy) return "";
  return legacy ? "; Docker uses the legacy variant here"
                : "; Docker uses the nf_tables variant here";
}

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

  /// One finding for each rule, about the first packet it drops, or may drop.
  void follow(const Way& way, const TracedPacket& packet) {
    PacketState state(packet);
    state.mark = host_number(0);
    bool marked = false;
    const bool outer = packet.outer != 0;
    for (const Stop& stop : way.stops) {
      const bool prerouting = stop.hook.number == kPreroutingHook;
      if (!prerouting && outer != (stop.hook.number == kInputHook)) continue;
      const bool before = outer ? prerouting || stop.hook.priority <= kOuterMarked
                                : prerouting && stop.hook.priority <= kMarked;
      if (!marked && !before) {
        state.mark = host_number(packet.mark);
        marked = true;
      }
      state.tracked = !outer && (!prerouting || stop.hook.priority > kTracked);
      state.untracked = outer && (!prerouting || stop.hook.priority > kOuterUntracked);
      state.routed = !prerouting;
      // What does not pass only has its source kept by ours, before others translate.
      if (stop.hook.type == "nat" && !packet.passes) continue;
      if (lost(stop, state)) return;
    }
  }

 private:
  static constexpr std::int32_t kTracked = -200;  // NF_IP_PRI_CONNTRACK
  static constexpr std::int32_t kOuterUntracked = -305;

  /// Whether the packet is gone for certain.
  bool lost(const Stop& stop, PacketState& state) {
    if (!stop.table->rules) found_.cannot_tell(*stop.table, stop.table->fault);
    if (found_.faulty(*stop.table)) return false;
    try {
      const auto drops = trace(*stop.table->rules, stop.chain, stop.hook.policy_drop,
                               stop.table->anchored ? trusted_ : none_, state);
      for (const TraceDrop& drop : drops) tell(stop, drop, state.packet);
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
  const Way way = find_way(socket, policy);
  Follower follower(policy, found);
  for (const TracedPacket& packet : packets_of(policy)) follower.follow(way, packet);
  for (Finding& one : told_by_form(way, policy)) found.tell(std::move(one));
  return found.finish();
}

}  // namespace overland::firewall::trace
