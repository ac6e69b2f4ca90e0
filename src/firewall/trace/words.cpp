#include "firewall/trace/words.h"

#include <algorithm>

#include "firewall/anchors.h"

namespace overland::firewall::trace {
namespace {

using model::FirewallPolicy;
using model::FirewallVariant;
using model::Prefix;

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
  if (table.name == "firewalld" && !table.legacy && packet.sent) {
    const std::string command = "firewall-cmd --permanent --policy overland-tunnel ";
    return "firewall-cmd --permanent --new-policy overland-tunnel; " + command +
           "--add-ingress-zone HOST; " + command + "--add-egress-zone ANY; " + command +
           "--add-port=" + std::to_string(packet.outer) +
           "/udp; firewall-cmd --reload; overland apply";
  }
  if (table.name == "firewalld" && !table.legacy) {
    return "firewall-cmd --permanent --add-port=" + std::to_string(packet.outer) +
           "/udp; firewall-cmd --reload; overland apply";
  }
  const bool at_input = stop.hook.number == kInputHook;
  if (at_input && kOuterMarked < stop.hook.priority) {
    return "accept what carries overland's mark before it: " +
           table.accept(stop.chain, packet.mark);
  }
  return "accept the tunnel's packets before it: " + table.accept_port(stop.chain, packet.outer);
}

}  // namespace

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
  if (stop.hook.number == kIngressHook) {
    return "accept traffic between hosts before it, for each two of them: " +
           table.accept_between(stop.chain, packet.source, packet.destination);
  }
  if (stop.hook.number == kPreroutingHook && stop.hook.priority <= kMarked) {
    return "let it spare traffic between hosts";
  }
  return "accept what carries overland's mark before it: " + table.accept(stop.chain, packet.mark);
}

std::string what_happens(const TraceDrop& drop, const TracedPacket& packet) {
  const std::string may = drop.certain ? " " : " may ";
  const std::string s = drop.certain ? "s" : "";
  const std::string port = "UDP port " + std::to_string(packet.outer) + " of the tunnel";
  const std::string traffic =
      packet.outer == 0 ? packet.source.to_string() + " to " + packet.destination.to_string()
      : packet.sent     ? "this host to " + port + " at " + packet.destination.network().to_string()
                        : packet.source.network().to_string() + " to " + port;
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

std::string unused(const ForeignTable& table, const FirewallPolicy& policy) {
  const bool legacy = policy.variant == FirewallVariant::kLegacy;
  if (!table.of_iptables() || table.name != "filter" || table.legacy == legacy) return "";
  return legacy ? "; Docker uses the legacy variant here"
                : "; Docker uses the nf_tables variant here";
}

}  // namespace overland::firewall::trace
