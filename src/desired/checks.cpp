#include "desired/checks.h"

#include <algorithm>
#include <map>
#include <set>

#include "desired/asymmetry.h"
#include "desired/derive.h"
#include "desired/forwarding.h"

namespace overland::desired {
namespace {

using inventory::Host;
using inventory::Inventory;
using model::Finding;
using model::Severity;

bool reaches_into(const model::HostFacts& facts, const model::Prefix& subnet) {
  return std::any_of(facts.on_link.begin(), facts.on_link.end(),
                     [&](const auto& address) { return subnet.contains(address); });
}

void prefix_lengths(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
                    std::vector<Finding>& result) {
  for (const auto& [address, index] : host.addresses) {
    const auto& segment = inventory.segments[index];
    for (const auto& link : facts.links) {
      if (link.ours) continue;  // apply gives our own the right one
      for (const auto& found : link.addresses) {
        if (found.address != address || found.length == segment.subnet.length()) continue;
        // A /32 and a route that makes the segment on-link: as clouds give it.
        if (found.length == 32 && reaches_into(facts, segment.subnet)) continue;
        result.push_back({Severity::kConflict, "link " + link.name,
                          "it has the address " + found.to_string() + ", but segment " +
                              segment.name + " is " + segment.subnet.to_string(),
                          "correct the link's prefix length or the segment's subnet"});
      }
    }
  }
}

/// The links of the segments the host is in, by index of segment.
std::map<std::size_t, std::string> links_of_segments(const Inventory& inventory, const Host& host,
                                                     const model::HostFacts& facts) {
  std::map<std::size_t, std::string> result;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (auto link = underlay_link(inventory, host, facts, i)) {
      result.emplace(host.addresses[i].segment, std::move(*link));
    }
  }
  return result;
}

bool is_strict(const model::HostFacts& facts, const std::string& name) {
  constexpr int kStrict = 1;  // ip-sysctl.rst
  return std::any_of(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return link.name == name && link.rp_filter == kStrict;
  });
}

void reverse_paths(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
                   std::vector<Finding>& result) {
  if (host.rp_filter == inventory::RpFilter::kLoose) return;  // apply sets it
  const auto links = links_of_segments(inventory, host, facts);
  const bool strict = std::any_of(links.begin(), links.end(),
                                  [&](const auto& one) { return is_strict(facts, one.second); });
  if (!strict || links.size() < 2) return;
  std::map<std::string, std::pair<std::string, std::set<model::Prefix>>> dropped;  // by link
  for (const auto& found : asymmetries(inventory, host)) {
    const auto in = links.find(found.in);
    const auto out = links.find(found.out.front());
    if (in == links.end() || out == links.end() || !is_strict(facts, in->second)) continue;
    const bool same_link =
        std::any_of(found.out.begin(), found.out.end(), [&](const std::size_t segment) {
          const auto link = links.find(segment);
          return link != links.end() && link->second == in->second;
        });
    if (same_link) continue;
    dropped[in->second].first = out->second;
    dropped[in->second].second.insert(found.source);
  }
  for (const auto& [link, what] : dropped) {
    const auto& [out, sources] = what;
    result.push_back({Severity::kConflict, "rp_filter " + link,
                      "strict reverse path filtering drops what comes in on " + link + " from " +
                          sources.begin()->to_string() +
                          (sources.size() == 1
                               ? ""
                               : " and " + std::to_string(sources.size() - 1) + " other sources") +
                          ", since the route back leaves by " + out,
                      "set rp_filter = \"loose\" for this host in the inventory"});
  }
}

void forwarding(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
                std::vector<Finding>& result) {
  if (facts.forwarding == model::Forwarding::kOurs) return;  // apply sets it
  for (const auto& link : shut_links(inventory, host, facts)) {
    const std::string key = model::link_parameter(link, "forwarding");
    result.push_back({Severity::kConflict, "sysctl " + key,
                      "is 0, which somebody else has set: what comes in by link " + link +
                          " is not forwarded, to no container and from none",
                      "sysctl -w " + key + "=1"});
  }
}

const model::LinkFacts* link_named(const model::HostFacts& facts, const std::string& name) {
  const auto found = std::ranges::find(facts.links, name, &model::LinkFacts::name);
  return found == facts.links.end() || found->mtu == 0 ? nullptr : &*found;
}

std::string mtu_of(const model::LinkFacts& link) {
  return link.name + " (" + std::to_string(link.mtu) + ")";
}

/// Larger packets than a link takes need ICMP messages back to their sender, which get lost easily.
void mtus(const Inventory& inventory, const Host& host, const model::HostFacts& facts,
          std::vector<Finding>& result) {
  const model::LinkFacts* least = nullptr;
  const model::LinkFacts* most = nullptr;
  for (const auto& [segment, name] : links_of_segments(inventory, host, facts)) {
    const auto* link = link_named(facts, name);
    if (link == nullptr) continue;
    if (least == nullptr || link->mtu < least->mtu) least = link;
    if (most == nullptr || link->mtu > most->mtu) most = link;
  }
  if (least == nullptr) return;
  if (most->mtu != least->mtu) {
    result.push_back({Severity::kAdvice, "mtu",
                      "the underlay links " + mtu_of(*most) + " and " + mtu_of(*least) +
                          " differ in their MTU: what comes in by the first may be too large for "
                          "the second",
                      "give them the same MTU, or see that ICMP \"fragmentation needed\" gets "
                      "through everywhere"});
  }
  const auto* bridge = link_named(facts, host.docker.bridge);
  if (!host.bip || bridge == nullptr || bridge->mtu <= least->mtu) return;
  result.push_back({Severity::kAdvice, "mtu",
                    "containers behind " + mtu_of(*bridge) +
                        " send larger packets than the underlay link " + mtu_of(*least) + " takes",
                    "set \"mtu\": " + std::to_string(least->mtu) +
                        " in daemon.json, and make the containers anew"});
}

}  // namespace

std::vector<Finding> mismatches(const Inventory& inventory, const Host& host,
                                const model::HostFacts& facts) {
  std::vector<Finding> result;
  prefix_lengths(inventory, host, facts, result);
  reverse_paths(inventory, host, facts, result);
  forwarding(inventory, host, facts, result);
  mtus(inventory, host, facts, result);
  return result;
}

}  // namespace overland::desired
