#include "kernel/tunnel.h"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/neighbours.h"
#include "kernel/own_routes.h"
#include "kernel/routes.h"
#include "kernel/sysctls.h"
#include "kernel/vxlan_message.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

using model::InterfaceAddress;
using model::Link;

netlink::Refusal ask(const std::function<void(netlink::MessageBuffer&)>& build) {
  return netlink::Socket().execute(build);
}

void check(const std::string& what, const netlink::Refusal& refusal, int forgiven = 0) {
  if (refusal.error != 0 && refusal.error != forgiven) throw netlink::refusal_error(what, refusal);
}

/// Whose VNI that is: "link flannel.1"; empty where it is in another network namespace, as those of
/// Docker's Swarm, or ours where somebody moved it.
std::string holder(const model::Vxlan& wanted) {
  std::string name;
  netlink::Socket().dump(
      put_link_dump, [&] { name.clear(); },
      [&](const nlmsghdr& message) {
        const auto link = read_link(message);
        const bool same = link && link->vxlan && link->vxlan->vni == wanted.vni &&
                          link->vxlan->port == wanted.port;
        if (same) name = link->name;
        return true;
      });
  return name.empty() ? name : "link " + name;
}

void remove(const std::string& name, int index) {
  check("cannot remove tunnel " + name,
        ask([&](netlink::MessageBuffer& buffer) { put_delete_link(buffer, index); }), ENODEV);
}

/// Gives its interface index.
int create(const Link& wanted) {
  const model::Vxlan& tunnel = *wanted.vxlan;
  const std::string what = "cannot make tunnel " + wanted.name;
  const netlink::Refusal refusal =
      ask([&](netlink::MessageBuffer& buffer) { put_new_vxlan(buffer, wanted.name, tunnel); });
  if (refusal.error == EOPNOTSUPP) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      what + ": this kernel has no vxlan; load the module vxlan", EOPNOTSUPP);
  }
  if (refusal.error == EEXIST) {
    const std::string other = holder(tunnel);
    throw base::Error(
        base::ErrorKind::kFailure,
        what + ": " + (other.empty() ? "a link of another network namespace" : other) +
            " has VNI " + std::to_string(tunnel.vni) + " on UDP port " +
            std::to_string(tunnel.port) + "; " +
            (other.empty() ? "if it was moved there, remove it (ip -all netns exec ip "
                             "-d link show type vxlan); else "
                           : "") +
            "write another vni in [tunnel]",
        EEXIST);
  }
  check(what, refusal);
  const auto index = static_cast<int>(::if_nametoindex(wanted.name.c_str()));
  if (index == 0) base::throw_errno("link " + wanted.name + " vanished again", ENODEV);
  return index;
}

/// No rule of ours asks for more than IPv4 within, and of packets cut behind all rules (inner_known
/// of firewall/nft/tunnel.h) no other is asked.
void close_ipv6(const std::string& name) {
  std::string part = name;
  std::ranges::replace(part, '.', '/');
  try {
    SysctlTree().apply(
        {std::nullopt, model::Sysctl{"net.ipv6.conf." + part + ".disable_ipv6", "1"}});
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;  // a kernel without IPv6
  }
}

/// Sets alias, MTU and state.
void finish(const Link& wanted, int index) {
  const model::Vxlan& tunnel = *wanted.vxlan;
  close_ipv6(wanted.name);
  const netlink::Refusal refusal = ask([&](netlink::MessageBuffer& buffer) {
    put_finish_link(buffer, index, tunnel.mtu, wanted.up);
  });
  const std::string what = "cannot set up tunnel " + wanted.name;
  if (refusal.error == EADDRINUSE) {
    throw base::Error(base::ErrorKind::kFailure,
                      what + ": UDP port " + std::to_string(tunnel.port) +
                          " is in use by another program, or by a tunnel of another sort; write "
                          "another port in [tunnel]",
                      EADDRINUSE);
  }
  check(what, refusal);
}

/// The new address comes first: with the last one routes and neighbours would go.
void set_address(const Link& wanted, int index, std::span<const InterfaceAddress> there) {
  if (wanted.address != model::kNoAddress) {
    check("cannot put address " + wanted.address.to_string() + " on tunnel " + wanted.name,
          ask([&](netlink::MessageBuffer& buffer) {
            put_new_address(buffer, index, wanted.address);
          }),
          EEXIST);
  }
  for (const InterfaceAddress& old : there) {
    if (old.address.family() != model::Family::kInet4 || old == wanted.address) continue;
    check("cannot take " + old.to_string() + " off tunnel " + wanted.name,
          ask([&](netlink::MessageBuffer& buffer) { put_delete_address(buffer, index, old); }),
          EADDRNOTAVAIL);
  }
}

/// What goes with the link.
struct Load {
  std::vector<plan::NeighbourStep> neighbours;
  std::vector<plan::RouteStep> routes;
};

Load load_of(const std::string& link) {
  Load load;
  for (const auto& one : NeighbourTable().read()) {
    if (one.outer != model::Address()) load.neighbours.push_back({std::nullopt, one});
  }
  for (auto& route : in_force(dump_own_routes())) {
    if (route.link && *route.link == link) load.routes.push_back({std::nullopt, std::move(route)});
  }
  return load;
}

/// What cannot be put back is missing at the next look.
void put_back(const Load& load) {
  NeighbourTable().apply(load.neighbours);
  RouteTable().apply(load.routes);
}

/// What the kernel changes in place: all but the options, and of these the MTU.
bool fits(const LinkMessage& there, const model::Vxlan& wanted) {
  if (!there.vxlan) return false;
  model::Vxlan now = *there.vxlan;
  now.mtu = wanted.mtu;
  return now == wanted;
}

/// As it was, but for its Ethernet address: where that differed it was not as we make it.
Link link_of(const LinkMessage& there, std::span<const InterfaceAddress> addresses) {
  Link link;
  link.name = there.name;
  const auto first = std::ranges::find_if(
      addresses, [](const auto& one) { return one.address.family() == model::Family::kInet4; });
  if (first != addresses.end()) link.address = *first;
  link.up = (there.flags & IFF_UP) != 0;
  link.vxlan = there.vxlan;
  return link;
}

}  // namespace

void make_tunnel(const Link& wanted) {
  const int index = create(wanted);
  try {
    finish(wanted, index);
    set_address(wanted, index, {});
  } catch (const base::Error&) {
    remove(wanted.name, index);
    throw;
  }
}

void remake_tunnel(const Link& wanted, const LinkMessage& there,
                   std::span<const InterfaceAddress> addresses) {
  if (fits(there, *wanted.vxlan)) {
    finish(wanted, there.index);
    set_address(wanted, there.index, addresses);
    return;
  }
  const Load load = load_of(wanted.name);
  remove(wanted.name, there.index);
  try {
    make_tunnel(wanted);
  } catch (const base::Error&) {
    // On another port, or with another number, it would be open to packets no rule asks for.
    const bool bound = there.vxlan && there.vxlan->vni == wanted.vxlan->vni &&
                       there.vxlan->port == wanted.vxlan->port;
    if (bound && there.vxlan->as_we_make_it) {
      make_tunnel(link_of(there, addresses));
      put_back(load);
    }
    throw;
  }
  put_back(load);
}

}  // namespace overland::kernel
