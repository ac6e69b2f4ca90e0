// Packets that our routes do not get, and those around a tunnel's that do not leave this host.

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::HostState;
using model::Prefix;
using model::Severity;

using Diversions = std::vector<model::Diversion>;

/// No route at all, or one that leads into this host, of the first of these.
model::Finding unrouted_around(const model::Diversion& first, const std::string& packets) {
  const std::string peer = first.destination.network().to_string();
  const std::string& link = *first.within;
  if (link.empty()) {
    return {
        Severity::kConflict, "tunnel route", "no route leads " + packets,
        "give this host a route there (ip route add " + peer + " via GATEWAY), or a default route"};
  }
  return {Severity::kConflict, "tunnel route",
          "a route (ip route get " + peer + ") leads " + packets + " into " + link +
              ", not out of this host",
          link == model::kTunnelLink ? "remove that route"
                                     : "take the peer's address from this host, or remove that "
                                       "route"};
}

model::Finding ruled_around(const HostState& desired, const model::Diversion& first,
                            const std::string& packets, bool alone) {
  const bool refused = first.table == 0;
  const bool known = desired.firewall && desired.firewall->tunnel;
  const std::uint16_t port = known ? desired.firewall->tunnel->port : 0;
  return {Severity::kConflict, "policy routing",
          refused ? "somebody else's rule or route (ip rule, ip route) refuses " + packets
                  : "somebody else's rule (ip rule) takes overland's mark for its own and leads " +
                        packets + " by table " + std::to_string(first.table),
          std::string(refused ? "remove it" : "put another mark into this host's entry") +
              ", or have the main table asked before it" + (alone ? "" : ", for each peer") +
              ": ip rule add pref 1 to " + first.destination.network().to_string() +
              " ipproto udp dport " + std::to_string(port) + " lookup main"};
}

/// Of the packets around the tunnel's: one sentence for all that have one cause.
void diverted_around(const HostState& desired, Diversions all,
                     std::vector<model::Finding>& findings) {
  const auto cause = [](const model::Diversion& one) {
    return std::tuple(one.within, one.table != 0);
  };
  std::ranges::stable_sort(all, {}, cause);
  for (auto first = all.begin(); first != all.end();) {
    const auto end = std::ranges::find_if(
        first, all.end(), [&](const auto& one) { return cause(one) != cause(*first); });
    const auto others = end - first - 1;
    const std::string packets =
        "the tunnel's packets to " + first->destination.network().to_string() +
        (others == 0 ? "" : " and " + std::to_string(others) + " more of its peers");
    findings.push_back(first->within ? unrouted_around(*first, packets)
                                     : ruled_around(desired, *first, packets, others == 0));
    first = end;
  }
}

/// One sentence for all: behind one rule there are often hundreds.
void diverted_within(const Diversions& diversions, std::vector<model::Finding>& findings) {
  if (diversions.empty()) return;
  const auto& first = diversions.front();
  const std::size_t others = diversions.size() - 1;
  const std::string where =
      first.table == 0 ? "refuses"
                       : "sends past the main table, by table " + std::to_string(first.table) + ",";
  findings.push_back(
      {Severity::kConflict, "policy routing",
       "somebody else's rule (ip rule) " + where + " packets to " + first.destination.to_string() +
           (others == 0 ? "" : " and " + std::to_string(others) + " more of the cluster's subnets"),
       "have the main table asked first for all but default routes: ip rule add pref 1 lookup main "
       "suppress_prefixlength 0"});
}

}  // namespace

void find_diversions(const Look& look, std::vector<model::Finding>& findings) {
  std::vector<Prefix> outer;
  for (const auto& peer : look.desired.neighbours) outer.emplace_back(peer.outer, 32);
  std::ranges::sort(outer);
  Diversions around;
  Diversions within;
  for (const auto& one : look.facts.diversions) {
    (std::ranges::binary_search(outer, one.destination) ? around : within).push_back(one);
  }
  diverted_within(within, findings);
  diverted_around(look.desired, std::move(around), findings);
}

}  // namespace overland::plan
