// The links that networks make, against each other and against their hosts' own.

#include <algorithm>
#include <unordered_map>

#include "inventory/validate.h"

namespace overland::inventory {
namespace {

/// The link a network makes; empty where it makes none.
const std::string& link_of(const Network& network) {
  return network.driver == model::NetworkDriver::kBridge ? network.link : network.shim_link;
}

void report_taken(const Draft& draft, std::size_t index, const std::string& by, Report& report) {
  const Network& network = draft.inventory.networks[index];
  report.add(Code::kNetworkLink, draft.networks[index].link,
             "the link " + quote(link_of(network)) + " of " + network_label(draft, index) + " is " +
                 by + " already",
             std::string(draft.networks[index].link_said ? "choose another" : "add link = \"…\"") +
                 ", a name that no other link has");
}

/// Of which networks a fault is told.
std::vector<bool> check_each_other(const Draft& draft, Report& report) {
  std::vector<bool> told(draft.networks.size(), false);
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const std::string& link = link_of(draft.inventory.networks[i]);
    if (link.empty()) continue;
    const auto [known, added] = first.emplace(link, i);
    if (added) continue;
    told[i] = true;
    report_taken(draft, i, "that of " + network_label(draft, known->second), report);
  }
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const std::string& parent = draft.inventory.networks[i].parent;
    const auto found = first.find(parent);
    if (parent.empty() || found == first.end()) continue;
    report.add(Code::kBridgeIsUnderlay, draft.networks[i].parent,
               "the parent " + parent + " of " + network_label(draft, i) + " is the link of " +
                   network_label(draft, found->second),
               "name the wire's link");
  }
  return told;
}

/// What the link of that name is on the host; empty: nothing of the inventory's.
std::string taken_by(const Draft& draft, std::size_t index, const std::string& link) {
  const Host& host = draft.inventory.hosts[index];
  if (link == host.docker.bridge) return "the bridge of " + label(draft, index);
  if (host.parent.empty()) return {};
  if (link == host.parent) return "the parent of " + label(draft, index);
  const bool vlan = link.size() > host.parent.size() && link.starts_with(host.parent) &&
                    link[host.parent.size()] == '.';
  const std::string id = vlan ? link.substr(host.parent.size() + 1) : "";
  const auto same = [&](const HostAddress& address) {
    return address.segment != kNoSegment && draft.inventory.segments[address.segment].vlan &&
           std::to_string(*draft.inventory.segments[address.segment].vlan) == id;
  };
  if (vlan && std::ranges::any_of(host.addresses, same)) {
    return "a VLAN link of " + label(draft, index);
  }
  return {};
}

}  // namespace

void check_network_links(const Draft& draft, Report& report) {
  if (draft.networks.empty()) return;
  std::vector<bool> told = check_each_other(draft, report);
  for (const NetworkPiece& piece : draft.pieces) {
    const Network& network = draft.inventory.networks[piece.network];
    if (told[piece.network]) continue;
    const std::string& link = link_of(network);
    const std::string by = link.empty() ? "" : taken_by(draft, piece.host, link);
    const Host& host = draft.inventory.hosts[piece.host];
    told[piece.network] = true;
    if (!by.empty()) {
      report_taken(draft, piece.network, by, report);
    } else if (!network.parent.empty() && network.parent == host.docker.bridge) {
      report.add(Code::kBridgeIsUnderlay, draft.networks[piece.network].parent,
                 "the parent " + network.parent + " of " + network_label(draft, piece.network) +
                     " is the bridge of " + label(draft, piece.host),
                 "name the wire's link");
    } else {
      told[piece.network] = false;
    }
  }
}

}  // namespace overland::inventory
