#include "probe/targets.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/error.h"
#include "desired/path.h"
#include "inventory/report.h"
#include "inventory/topology.h"
#include "inventory/tunnels.h"
#include "probe/networks.h"

namespace overland::probe {
namespace {

using inventory::Host;
using inventory::Inventory;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

/// What was asked of one host: containers; none: everything.
using Asked = std::map<std::size_t, std::set<model::Address>>;

class Finder {
 public:
  Finder(const Inventory& inventory, const Host& self, bool any)
      : inventory_(inventory),
        self_(static_cast<std::size_t>(&self - inventory.hosts.data())),
        any_(any) {}

  void ask(const std::string& text) {
    if (const auto address = model::Address::parse(text)) {
      ask_address(*address);
    } else if (text.find('/') != std::string::npos) {
      ask_subnet(text);
    } else {
      ask_all_of(desired::find_endpoint(inventory_, text).host);
    }
  }

  [[nodiscard]] const Asked& asked() const { return asked_; }
  [[nodiscard]] const std::set<model::Address>& strangers() const { return strangers_; }

 private:
  void require_other(std::size_t host) const {
    if (host != self_) return;
    refuse(inventory_.hosts[host].name + " is this host; probe asks others");
  }

  void ask_all_of(std::size_t host) {
    require_other(host);
    asked_[host].clear();
    whole_.insert(host);
  }

  void ask_container(std::size_t host, const model::Address& address) {
    require_other(host);
    if (whole_.count(host) == 0) asked_[host].insert(address);
  }

  void ask_address(const model::Address& address) {
    if (address.family() != model::Family::kInet4) {
      refuse(address.to_string() + " is no IPv4 address, and overland routes no other yet");
    }
    for (std::size_t i = 0; i < inventory_.hosts.size(); ++i) {
      const Host& host = inventory_.hosts[i];
      for (const auto& own : host.addresses) {
        if (own.address == address) return ask_all_of(i);
      }
      for (const auto& bip : {host.bip, host.previous_bip}) {
        if (!bip || !bip->prefix().contains(address)) continue;
        return bip->address == address ? ask_all_of(i) : ask_container(i, address);
      }
    }
    if (!any_) {
      refuse_networks(address.to_string(), [&](const auto& one) { return one.contains(address); });
    }
    const bool near = std::ranges::any_of(
        inventory_.segments, [&](const auto& one) { return one.subnet.contains(address); });
    if (!near && !any_) {
      refuse(address.to_string() +
             " lies in no bridge subnet and no segment of the inventory: a stranger's address is "
             "probed with --any only");
    }
    strangers_.insert(address);
  }

  /// Rounds are made up for docker0's containers.
  template <typename Meant>
  void refuse_networks(const std::string& text, Meant meant) const {
    for (const Host& host : inventory_.hosts) {
      if (!host.networks) continue;
      for (const auto& part : *host.networks) {
        if (!part.routed || !meant(*part.routed)) continue;
        refuse(text + " is in network " + inventory_.networks[part.network].name + " of host " +
               host.name + ": probe asks for single containers on docker0 only; say " + host.name +
               " to have its networks asked, or --any");
      }
    }
  }

  void ask_subnet(const std::string& text) {
    const auto subnet = model::Prefix::parse(text);
    if (!subnet || subnet->family() != model::Family::kInet4) {
      refuse(inventory::quote(text) + " is no IPv4 subnet: write it as 192.168.100.0/24");
    }
    bool found = false;
    for (std::size_t i = 0; i < inventory_.hosts.size(); ++i) {
      const Host& host = inventory_.hosts[i];
      const auto subnets = host.bridge_subnets();
      const bool meant =
          std::ranges::any_of(subnets, [&](const auto& one) { return one.overlaps(*subnet); }) ||
          std::ranges::any_of(host.addresses,
                              [&](const auto& own) { return subnet->contains(own.address); });
      if (meant && i != self_) ask_all_of(i);
      found = found || meant;
    }
    if (!found) refuse("no host of the inventory has an address or a bridge in " + text);
  }

  const Inventory& inventory_;
  std::size_t self_;
  bool any_;
  Asked asked_;
  std::set<std::size_t> whole_;
  std::set<model::Address> strangers_;
};

std::size_t routers_between(const inventory::Reach& reach, const Host& host) {
  std::size_t least = inventory::kUnreachable;
  for (const auto& own : host.addresses) least = std::min(least, reach.distance[own.segment]);
  return least;
}

Peer make_peer(const Inventory& inventory, std::size_t index, std::size_t routers, bool tunnel) {
  const Host& host = inventory.hosts[index];
  Peer peer;
  peer.name = host.name;
  peer.host = index;
  peer.routers = routers == inventory::kUnreachable ? 0 : routers;
  if (tunnel) peer.outer.push_back(host.tunnel_address());
  for (const auto& own : host.addresses) {
    if (!tunnel) peer.hosts.push_back(own.address);
  }
  for (const auto& bip : {host.bip, host.previous_bip}) {
    if (!bip) continue;
    peer.subnets.push_back(bip->prefix());
    peer.bridges.push_back(bip->address);
    const auto likely = likely_containers(bip->prefix(), bip->address);
    peer.containers.insert(peer.containers.end(), likely.begin(), likely.end());
  }
  return peer;
}

}  // namespace

std::vector<model::Address> likely_containers(const model::Prefix& subnet,
                                              const model::Address& bridge) {
  std::vector<model::Address> result;
  if (subnet.length() > 30) return result;  // room for no container beside the bridge
  const std::uint32_t first = subnet.network().ipv4();
  const std::uint32_t top = subnet.last().ipv4() - 1;  // below the broadcast address
  for (std::uint32_t i = first + 2; i <= first + 9 && i < top; ++i) {
    result.push_back(model::Address::from_ipv4(i));
  }
  result.push_back(model::Address::from_ipv4(top));
  std::erase(result, bridge);
  return result;
}

std::vector<Peer> targets(const Inventory& inventory, const Host& self,
                          const std::vector<std::string>& asked, bool any) {
  Finder finder(inventory, self, any);
  for (const auto& text : asked) finder.ask(text);
  const auto reach = inventory::Topology(inventory).reach(self);
  const inventory::Tunnels tunnels(inventory);
  const std::size_t own = inventory::index_of(inventory, self);
  std::vector<Peer> peers;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const Host& host = inventory.hosts[i];
    const auto named = finder.asked().find(i);
    const bool meant = asked.empty() ? &host != &self : named != finder.asked().end();
    if (!meant) continue;
    const bool tunnel = tunnels.between(own, i);
    const std::size_t routers = tunnel ? 0 : routers_between(reach, host);
    if (asked.empty() && routers == inventory::kUnreachable) continue;
    Peer peer = make_peer(inventory, i, routers, tunnel);
    if (asked.empty() || named->second.empty()) {
      peer.networks = networks_of(inventory, self, host);
      peers.push_back(std::move(peer));
      continue;
    }
    peer.asked = true;
    for (const auto& address : named->second) {
      peer.containers = {address};
      peers.push_back(peer);
    }
  }
  for (const auto& address : finder.strangers()) {
    Peer peer;
    peer.name = address.to_string();
    peer.hosts = {address};
    peers.push_back(std::move(peer));
  }
  return peers;
}

const model::Address& end_of_way(const Peer& peer) {
  if (peer.asked) return peer.containers.front();
  return (peer.bridges.empty() ? peer.hosts : peer.bridges).front();
}

std::map<model::Address, std::string> names(const Inventory& inventory) {
  std::map<model::Address, std::string> result;
  for (const Host& host : inventory.hosts) {
    for (const auto& own : host.addresses) result[own.address] = host.name;
    for (const auto& bip : {host.bip, host.previous_bip}) {
      if (bip) result[bip->address] = host.name;
    }
  }
  return result;
}

std::vector<Station> way_to(const Inventory& inventory, const Host& self, const Peer& peer) {
  std::vector<Station> way;
  if (!peer.host) return way;
  const auto from = static_cast<std::size_t>(&self - inventory.hosts.data());
  if (inventory::Tunnels(inventory).between(from, *peer.host)) {
    const Host& end = inventory.hosts[*peer.host];
    return {{end.name, end.tunnel_address()}};
  }
  const auto hops = inventory::Topology(inventory).path(from, *peer.host);
  if (!hops) return way;
  for (const auto& hop : *hops) way.push_back({inventory.hosts[hop.host].name, hop.gateway});
  return way;
}

}  // namespace overland::probe
