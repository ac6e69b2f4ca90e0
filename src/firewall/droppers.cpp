#include "firewall/droppers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "firewall/nft_context.h"
#include "firewall/trace.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

using model::FirewallVariant;
using model::Prefix;

constexpr std::uint8_t kInet = 1;  // NFPROTO_… of linux/netfilter.h
constexpr std::uint8_t kIpv4 = 2;
constexpr std::uint32_t kForwardHook = 2;  // NF_INET_FORWARD
constexpr std::size_t kMostPeers = 32;     // whose traffic is followed
constexpr const char* kUserChain = "DOCKER-USER";

/// A table with base chains at the forward hook.
struct Suspect {
  std::string family;
  std::string table;
  std::vector<NftChainEntry> chains;
};

/// Where the rule of iptables' filter table that comes first leads to us, nothing there can drop
/// before.
bool leads_to_us(NftDump& dump) {
  const auto rules = dump.rules("filter", "FORWARD");
  return !rules.empty() && rules.front().plain &&
         (rules.front().jump == kUserChain || rules.front().jump == model::kForwardChain);
}

std::vector<Suspect> suspects(const NftLook& look) {
  std::vector<Suspect> result;
  NftDump dump;
  for (const NftChainEntry& chain : look.chains) {
    const bool forwards = chain.hook && chain.hook->number == kForwardHook &&
                          chain.hook->type == "filter" &&
                          (chain.family == kInet || chain.family == kIpv4);
    if (!forwards) continue;
    const bool ip = chain.family == kIpv4;
    if (ip && (chain.table == model::kNftTable || chain.table == "docker-bridges")) continue;
    if (ip && chain.table == "filter" && chain.name == "FORWARD" && leads_to_us(dump)) continue;
    const std::string family = ip ? "ip" : "inet";
    auto place = std::find_if(result.begin(), result.end(), [&](const Suspect& one) {
      return one.family == family && one.table == chain.table;
    });
    if (place == result.end()) place = result.insert(result.end(), {family, chain.table, {}});
    place->chains.push_back(chain);
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
std::vector<TracedPacket> packets_of(const model::FirewallPolicy& policy) {
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

std::string trimmed(const std::string& line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start == std::string::npos ? "" : line.substr(start);
}

/// The rule as `nft list` prints it; its handle where that cannot be told.
std::string rule_text(NftContext& context, const Suspect& suspect, const TraceVerdict& verdict) {
  const std::string handle = "handle " + std::to_string(verdict.handle);
  std::istringstream lines(context.chain_text(suspect.family, suspect.table, verdict.chain));
  for (std::string line; std::getline(lines, line);) {
    const std::string suffix = " # " + handle;
    if (line.ends_with(suffix)) return trimmed(line.substr(0, line.size() - suffix.size()));
  }
  return handle;
}

/// firewalld owns its table: what others put into it is refused, or lost with its next reload. The
/// rules name the bridge subnet alone, whoever the peers are: who gets in is Docker's and our
/// rules' affair, as it is where Docker 28 makes such a policy of its own for its zone.
std::string firewalld_remedy(const TracedPacket& packet, const model::FirewallPolicy& policy) {
  const bool leaves = std::any_of(policy.local.begin(), policy.local.end(),
                                  [&](const Prefix& one) { return one.contains(packet.source); });
  const std::string subnet = (leaves ? packet.source : packet.destination).to_string();
  const std::string command = "firewall-cmd --permanent --policy overland ";
  const std::string rule = "--add-rich-rule 'rule family=ipv4 ";
  return "remedy: firewall-cmd --permanent --new-policy overland; " + command +
         "--add-ingress-zone ANY; " + command + "--add-egress-zone ANY; " + command + rule +
         "destination address=" + subnet + " accept'; " + command + rule +
         "source address=" + subnet + " accept'; firewall-cmd --reload; overland apply";
}

std::string remedy(const Suspect& suspect, const std::string& base_chain,
                   const TraceVerdict& verdict, const TracedPacket& packet,
                   const model::FirewallPolicy& policy) {
  if (suspect.table == "firewalld") return firewalld_remedy(packet, policy);
  if (suspect.family == "ip" && suspect.table == "filter") {
    if (policy.variant == FirewallVariant::kNft) {
      return std::string("remedy: move it below the jump to ") + kUserChain + ", or into " +
             kUserChain;
    }
    return verdict.handle == 0
               ? "Docker uses the legacy variant here; remedy: iptables-nft -P FORWARD ACCEPT"
               : "Docker uses the legacy variant here; remedy: remove it with iptables-nft";
  }
  std::ostringstream mark;
  mark << "0x" << std::hex << packet.mark;
  return "remedy: accept what carries overland's mark before it: nft insert rule " +
         suspect.family + " " + suspect.table + " " + base_chain + " meta mark and " + mark.str() +
         " == " + mark.str() + " accept";
}

/// One sentence for each rule, about the first packet it drops.
void follow(const Suspect& suspect, const model::FirewallPolicy& policy,
            std::vector<std::string>& sentences) {
  NftContext context;
  const TracedTable table(
      context.list({{"table", {{"family", suspect.family}, {"name", suspect.table}}}}),
      {kUserChain, std::string(model::kForwardChain)});
  std::set<std::pair<std::string, std::uint64_t>> told;
  for (const TracedPacket& packet : packets_of(policy)) {
    for (const NftChainEntry& chain : suspect.chains) {
      TraceVerdict verdict = table.walk(chain.name, packet);
      std::string rule = "policy drop";
      if (verdict.fate == Fate::kGoesOn && chain.hook->policy_drop) {
        verdict = {Fate::kDropped, chain.name, 0};
      } else if (verdict.fate == Fate::kDropped) {
        rule = rule_text(context, suspect, verdict);
      }
      if (verdict.fate != Fate::kDropped) continue;
      if (told.emplace(verdict.chain, verdict.handle).second) {
        sentences.push_back("\"" + rule + "\" in chain " + verdict.chain + " of table " +
                            suspect.family + " " + suspect.table + " drops traffic from " +
                            packet.source.to_string() + " to " + packet.destination.to_string() +
                            "; " + remedy(suspect, chain.name, verdict, packet, policy));
      }
      break;
    }
  }
}

}  // namespace

std::vector<std::string> find_droppers(const NftLook& nft, const LegacyLook& legacy,
                                       const model::FirewallPolicy& policy) {
  std::vector<std::string> sentences;
  if (nft.usable) {
    for (const Suspect& suspect : suspects(nft)) follow(suspect, policy, sentences);
  }
  if (policy.variant == FirewallVariant::kNft && legacy.forward_drops) {
    sentences.emplace_back(
        "the policy DROP of chain FORWARD in the legacy table filter drops traffic between hosts; "
        "Docker uses the nf_tables variant here; remedy: iptables-legacy -P FORWARD ACCEPT");
  }
  return sentences;
}

}  // namespace overland::firewall
