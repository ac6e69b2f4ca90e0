// Docker's own networks, as far as an inventory can say them.

#include <algorithm>
#include <map>

#include "init/layout_parts.h"

namespace overland::init {
namespace {

/// What the subnet overlaps, that counts; empty: nothing.
std::string overlap(const Layout& layout, const model::Prefix& subnet) {
  for (const LaidSegment& segment : layout.segments) {
    if (segment.subnet.overlaps(subnet)) return "segment " + segment.name;
  }
  for (const LaidHost& host : layout.hosts) {
    if (host.bip && host.bip->prefix().overlaps(subnet)) return "the bip of " + host.name;
  }
  for (const LaidNetwork& network : layout.networks) {
    for (const auto& part : network.parts) {
      if (network.why_not.empty() && part.subnet.overlaps(subnet)) {
        return "network " + network.name + " of " + part.host;
      }
    }
  }
  return {};
}

std::string why_not(const Layout& layout, const LaidNetwork& network, bool routed) {
  if (!is_network_name(network.name)) return "its name is none an inventory may have";
  if (network.driver != "bridge") {
    return "what overland needs to know of a " + network.driver + " network cannot be guessed";
  }
  for (std::size_t i = 0; i < network.parts.size(); ++i) {
    const auto& part = network.parts[i];
    if (part.subnet.length() < 8 || part.subnet.length() > 30) return "its subnet is unusual";
    if (const auto with = overlap(layout, part.subnet); !with.empty()) {
      return part.subnet.to_string() + " of " + part.host + " overlaps " + with;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (network.parts[j].subnet.overlaps(part.subnet)) {
        return network.parts[j].host + " and " + part.host + " have the same subnet there";
      }
    }
  }
  // What nobody reaches today must not be open to all because somebody asked for a file.
  if (!routed) return "no other host reaches it today; without the # the cluster would";
  return {};
}

}  // namespace

void lay_out_networks(Layout& layout) {
  std::map<std::string, LaidNetwork> networks;
  std::map<std::string, bool> routed;
  for (const LaidHost& host : layout.hosts) {
    for (const FoundNetwork& one : host.found->networks) {
      if (!one.subnet) continue;
      LaidNetwork& network = networks[one.name];
      network.name = one.name;
      network.driver = one.driver;
      network.parts.push_back({host.name, *one.subnet});
      const auto [all, first] = routed.emplace(one.name, true);
      all->second = all->second && is_routed(layout, host, *one.subnet);
    }
  }
  for (auto& [name, network] : networks) {
    network.why_not = why_not(layout, network, routed[name]);
    layout.networks.push_back(std::move(network));
  }
}

}  // namespace overland::init
