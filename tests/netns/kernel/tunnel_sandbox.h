#pragma once
// A host whose link `lan` carries a tunnel of ours, with three peers and a route to each.

#include <string>
#include <vector>

#include "kernel/links.h"
#include "kernel/neighbours.h"
#include "kernel/routes.h"
#include "netns/kernel/kernel_sandbox.h"
#include "plan/diff.h"

namespace overland::tests {

inline model::Address address(const std::string& text) {
  return model::Address::parse(text).value();
}

inline model::Link tunnel(std::uint32_t vni = 111, std::uint16_t port = 4789) {
  model::Link link;
  link.name = model::kTunnelLink;
  link.address = model::InterfaceAddress::parse("192.168.101.1/32").value();
  link.vxlan = model::Vxlan{vni, port, address("10.9.0.1"), 1450};
  return link;
}

inline model::Neighbour peer(const std::string& outer) { return {address(outer), address(outer)}; }

inline model::Route tunnel_route(const std::string& destination, const std::string& outer) {
  model::Route result = route(destination, {outer});
  result.link = std::string(model::kTunnelLink);
  return result;
}

class TunnelSandbox : public KernelSandbox {
 protected:
  static std::vector<model::Link> links() { return model::our_links(kernel::LinkTable().facts()); }
  static std::vector<model::Neighbour> peers() { return kernel::NeighbourTable().read(); }
  static std::vector<model::Route> routes() { return kernel::RouteTable().read(); }

  /// What a plan would do for the peers.
  static void reach(const std::vector<model::Neighbour>& wanted) {
    std::vector<plan::NeighbourStep> steps;
    plan::keyed_diff(
        peers(), wanted, [](const auto& one) { return one.address; },
        [&](plan::NeighbourStep step) { steps.push_back(std::move(step)); });
    for (const auto& outcome : kernel::NeighbourTable().apply(steps)) {
      EXPECT_FALSE(outcome) << outcome->what();
    }
  }
  static void lead(const std::vector<model::Route>& wanted) {
    std::vector<plan::RouteStep> steps;
    plan::keyed_diff(
        routes(), wanted, [](const auto& one) { return std::pair(one.destination, one.metric); },
        [&](plan::RouteStep step) { steps.push_back(std::move(step)); });
    for (const auto& outcome : kernel::RouteTable().apply(steps)) {
      EXPECT_FALSE(outcome) << outcome->what();
    }
  }
  void stand() {
    kernel::LinkTable().apply({std::nullopt, tunnel()});
    reach(peers_);
    lead(routes_);
    expect_whole();
  }
  void expect_whole() const {
    EXPECT_EQ(links(), std::vector{tunnel()});
    EXPECT_EQ(peers(), peers_);
    EXPECT_EQ(routes(), routes_);
  }
  /// As the tools show it, without order.
  static std::string shown() {
    return sh(
        "ip neigh show dev vxlan.ovl nud permanent | sort;"
        "bridge fdb show dev vxlan.ovl | sort");
  }

  const std::vector<model::Neighbour> peers_ = {peer("10.2.0.12"), peer("10.2.0.13"),
                                                peer("10.3.0.14")};
  const std::vector<model::Route> routes_ = {tunnel_route("192.168.112.0/24", "10.2.0.12"),
                                             tunnel_route("192.168.113.0/24", "10.2.0.13"),
                                             tunnel_route("192.168.114.0/24", "10.3.0.14")};
};

}  // namespace overland::tests
