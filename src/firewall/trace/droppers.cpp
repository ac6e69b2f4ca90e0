#include "firewall/trace/droppers.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <sstream>

#include "base/error.h"
#include "firewall/nft/dump.h"
#include "firewall/printable.h"
#include "firewall/trace/text.h"
#include "firewall/trace/trace.h"
#include "model/ownership.h"

namespace overland::firewall::trace {
namespace {

using model::Finding;
using model::FirewallPolicy;
using model::FirewallVariant;
using model::Prefix;
using model::Severity;

constexpr std::uint8_t kInet = 1;  // NFPROTO_… of linux/netfilter.h
constexpr std::uint8_t kIpv4 = 2;
constexpr std::uint32_t kForwardHook = 2;  // NF_INET_FORWARD
constexpr std::size_t kMostPeers = 32;     // whose traffic is followed
constexpr std::size_t kMostFindings = 32;  // of either severity
constexpr const char* kUserChain = "DOCKER-USER";

/// A table with base chains at the forward hook.
struct Suspect {
  std::uint8_t family = kIpv4;
  std::string table;
  std::vector<nft::ChainEntry> chains;

  [[nodiscard]] std::string name() const {
    return std::string(family == kIpv4 ? "ip " : "inet ") + printable(table);
  }
};

/// Whether nothing in iptables' own FORWARD can drop before our anchor there accepts: in front of
/// it are only the rules down to the jump to DOCKER-USER.
bool leads_to_us(nft::Dump& dump) {
  const auto rules = dump.rules("filter", "FORWARD");
  const auto jump = std::ranges::find(rules, std::string_view(kUserChain), &nft::RuleEntry::jump);
  return jump == rules.end() || jump == rules.begin();
}

/// Tables whose chains no packet goes through: pairs of family and name.
std::set<std::pair<std::uint8_t, std::string>> dormant_tables(nft::Socket& socket) {
  std::set<std::pair<std::uint8_t, std::string>> result;
  socket.dump(
      {NFT_MSG_GETTABLE, 0, {}}, [&] { result.clear(); },
      [&](std::uint8_t family, Bytes table) {
        const std::uint32_t flags = number32_of(find_attribute(table, NFTA_TABLE_FLAGS));
        if ((flags & NFT_TABLE_F_DORMANT) == 0) return;
        result.emplace(family, text_of(find_attribute(table, NFTA_TABLE_NAME)));
      });
  return result;
}

std::vector<Suspect> suspects(nft::Socket& socket, bool anchored) {
  std::vector<Suspect> result;
  nft::Dump dump;
  const auto dormant = dormant_tables(socket);
  for (const nft::ChainEntry& chain : dump.chains(0)) {
    const bool forwards = chain.hook && chain.hook->number == kForwardHook &&
                          chain.hook->type == "filter" &&
                          (chain.family == kInet || chain.family == kIpv4);
    if (!forwards || dormant.contains({chain.family, chain.table})) continue;
    const bool ip = chain.family == kIpv4;
    if (ip && (chain.table == model::kNftTable || chain.table == "docker-bridges")) continue;
    const bool spot = anchored && ip && chain.table == "filter" && chain.name == "FORWARD";
    if (spot && leads_to_us(dump)) continue;
    auto place = std::find_if(result.begin(), result.end(), [&](const Suspect& one) {
      return one.family == chain.family && one.table == chain.table;
    });
    if (place == result.end()) {
      place = result.insert(result.end(), {chain.family, chain.table, {}});
    }
    place->chains.push_back(chain);
    // Our anchor comes before it.
    if (spot) place->chains.back().hook->policy_drop = false;
  }
  for (Suspect& one : result) {
    std::stable_sort(one.chains.begin(), one.chains.end(), [](const auto& a, const auto& b) {
      return a.hook->priority < b.hook->priority;
    });
  }
  return result;
}

std::string first_or_unknown(const std::vector<std::string>& links) {
  return links.empty() ? "" : links.front();
}

/// Both ways between every local subnet and every peer, each by every underlay link.
std::vector<TracedPacket> packets_of(const FirewallPolicy& policy) {
  std::vector<Prefix> peers = policy.peer_subnets;
  peers.insert(peers.end(), policy.peer_hosts.begin(), policy.peer_hosts.end());
  if (peers.size() > kMostPeers) peers.resize(kMostPeers);
  const std::string bridge = first_or_unknown(policy.bridges);
  std::vector<TracedPacket> packets;
  for (const Prefix& local : policy.local) {
    for (const Prefix& peer : peers) {
      for (const std::string& link : policy.underlay_links) {
        packets.push_back({link, bridge, peer, local, policy.mark});
        packets.push_back({bridge, link, local, peer, policy.mark});
      }
    }
  }
  const std::size_t most = std::min(policy.transit.size(), kMostPeers);
  for (std::size_t i = 0; i < most; ++i) {
    for (std::size_t j = 0; j < most; ++j) {
      if (i == j) continue;
      packets.push_back({"", "", policy.transit[i], policy.transit[j], policy.mark});
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

std::string remedy(const Suspect& suspect, const std::string& base_chain, const TraceDrop& drop,
                   const TracedPacket& packet, const FirewallPolicy& policy) {
  if (suspect.table == "firewalld") return firewalld_remedy(packet, policy);
  if (suspect.family == kIpv4 && suspect.table == "filter") {
    if (policy.variant == FirewallVariant::kNft) {
      return std::string("move it below the jump to ") + kUserChain + ", or into " + kUserChain;
    }
    return drop.handle == 0 ? "iptables-nft -P FORWARD ACCEPT" : "remove it with iptables-nft";
  }
  std::ostringstream mark;
  mark << "0x" << std::hex << packet.mark;
  return "accept what carries overland's mark before it: nft insert rule " + suspect.name() + " " +
         printable(base_chain) + " meta mark and " + mark.str() + " == " + mark.str() + " accept";
}

std::string text_of(const TraceTable& table, const TraceDrop& drop) {
  if (drop.handle == 0) return "\"policy drop\"";
  const auto& rules = table.rules(drop.chain);
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const TraceRule& one) { return one.handle == drop.handle; });
  const std::string handle = "handle " + std::to_string(drop.handle);
  return rule == rules.end() ? handle : "\"" + rule_text(rule->expressions) + "\" (" + handle + ")";
}

/// Docker's own variant is the other one, so nobody minds this table.
bool unused(const Suspect& suspect, const FirewallPolicy& policy) {
  return suspect.family == kIpv4 && suspect.table == "filter" &&
         policy.variant == FirewallVariant::kLegacy;
}

void tell(Finding finding, std::vector<Finding>& found) {
  const auto same = [&](const Finding& one) { return one.severity == finding.severity; };
  const auto told = static_cast<std::size_t>(std::count_if(found.begin(), found.end(), same));
  if (told < kMostFindings) found.push_back(std::move(finding));
}

/// One finding for each rule, about the first packet it drops, or may drop.
void follow(const Suspect& suspect, nft::Socket& socket, const FirewallPolicy& policy,
            std::vector<Finding>& found) {
  const std::vector<std::string> trusted = {kUserChain, std::string(model::kForwardChain)};
  TraceTable table(socket, suspect.family, suspect.table);
  std::set<std::pair<std::string, std::uint64_t>> told;
  for (const TracedPacket& packet : packets_of(policy)) {
    for (const nft::ChainEntry& chain : suspect.chains) {
      const auto drops = trace(table, chain.name, chain.hook->policy_drop, trusted, packet);
      for (const TraceDrop& drop : drops) {
        if (!told.emplace(drop.chain, drop.handle).second) continue;
        tell({drop.certain ? Severity::kConflict : Severity::kUntold, "firewall",
              text_of(table, drop) + " in chain " + printable(drop.chain) + " of table " +
                  suspect.name() + (drop.certain ? " drops" : " may drop") + " traffic from " +
                  packet.source.to_string() + " to " + packet.destination.to_string() +
                  (unused(suspect, policy) ? "; Docker uses the legacy variant here" : ""),
              remedy(suspect, chain.name, drop, packet, policy)},
             found);
      }
      if (!drops.empty() && drops.back().certain) break;
    }
  }
}

}  // namespace

std::vector<Finding> find_droppers(const FirewallPolicy& policy) {
  std::vector<Finding> found;
  nft::Socket socket;
  for (const Suspect& suspect : suspects(socket, policy.variant == FirewallVariant::kNft)) {
    try {
      follow(suspect, socket, policy, found);
    } catch (const base::Error& error) {
      found.push_back({Severity::kUntold, "firewall",
                       "whether table " + suspect.name() +
                           " drops traffic between hosts cannot be told: " + error.what(),
                       ""});
    }
  }
  return found;
}

}  // namespace overland::firewall::trace
