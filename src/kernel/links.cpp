#include "kernel/links.h"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string>

#include "kernel/link_message.h"
#include "kernel/tunnel.h"
#include "kernel/tunnel_mark.h"
#include "kernel/vxlan_message.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

/// IFF_LOWER_UP of linux/if.h, which cannot be included beside net/if.h.
constexpr unsigned kLowerUp = 1U << 16U;

struct Link {
  LinkMessage message;
  std::vector<model::InterfaceAddress> addresses;  // in the kernel's order
};

/// Every link with its addresses, sorted by index.
class Table {
 public:
  Table() {
    netlink::Socket socket;
    socket.dump(
        put_link_dump, [&] { links_.clear(); },
        [&](const nlmsghdr& message) {
          if (auto link = read_link(message)) links_.push_back({std::move(*link), {}});
          return true;
        });
    std::vector<AddressMessage> addresses;
    socket.dump(
        put_address_dump, [&] { addresses.clear(); },
        [&](const nlmsghdr& message) {
          if (auto address = read_link_address(message)) addresses.push_back(*address);
          return true;
        });
    std::sort(links_.begin(), links_.end(), [](const Link& left, const Link& right) {
      return left.message.index < right.message.index;
    });
    for (const AddressMessage& address : addresses) {
      if (Link* link = find(address.link)) link->addresses.push_back(address.address);
    }
  }

  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

  /// nullptr where there is none: a parent may be gone, or in another network namespace.
  Link* find(int index) {
    const auto place =
        std::lower_bound(links_.begin(), links_.end(), index,
                         [](const Link& link, int wanted) { return link.message.index < wanted; });
    return place != links_.end() && place->message.index == index ? &*place : nullptr;
  }
  const Link* find(const std::string& name) {
    const auto place = std::find_if(links_.begin(), links_.end(),
                                    [&](const Link& link) { return link.message.name == name; });
    return place == links_.end() ? nullptr : &*place;
  }

 private:
  std::vector<Link> links_;
};

bool has(const Link& link, const model::InterfaceAddress& address) {
  return std::find(link.addresses.begin(), link.addresses.end(), address) != link.addresses.end();
}

void check(const std::string& what, const netlink::Refusal& refusal, int forgiven = 0) {
  if (refusal.error != 0 && refusal.error != forgiven) throw netlink::refusal_error(what, refusal);
}

void remove_link(netlink::Socket& socket, const Link& link) {
  check("cannot remove link " + link.message.name,
        socket.execute(
            [&](netlink::MessageBuffer& buffer) { put_delete_link(buffer, link.message.index); }),
        ENODEV);
}

/// "VLAN link eth0.10", "shim ovl-web", "tunnel vxlan.ovl"
std::string title(const model::Link& link) {
  if (link.vxlan) return "tunnel " + link.name;
  return (link.vlan == 0 ? "shim " : "VLAN link ") + link.name;
}

void create_link(netlink::Socket& socket, const model::Link& wanted, const LinkMessage& parent) {
  const bool shim = wanted.vlan == 0;
  const netlink::Refusal refusal = socket.execute([&](netlink::MessageBuffer& buffer) {
    if (shim) {
      put_new_shim(buffer, wanted.name, parent.index, parent.mtu, wanted.ipvlan);
    } else {
      put_new_vlan(buffer, wanted.name, parent.index, wanted.vlan, parent.mtu);
    }
  });
  const std::string what = "cannot make " + title(wanted);
  if (refusal.error == EOPNOTSUPP) {
    const std::string lacks = !shim                   ? "802.1Q; load the module 8021q"
                              : wanted.ipvlan.empty() ? "macvlan; load the module macvlan"
                                                      : "ipvlan; load the module ipvlan";
    throw base::Error(base::ErrorKind::kUnsupported, what + ": this kernel has no " + lacks,
                      EOPNOTSUPP);
  }
  if (refusal.error == EBUSY && shim) {
    throw base::Error(base::ErrorKind::kFailure,
                      what + ": link " + parent.name + " is a member of a bridge or bond, or has " +
                          (wanted.ipvlan.empty() ? "ipvlan" : "macvlan") + " links beside it",
                      EBUSY);
  }
  check(what, refusal);
}

/// Sets the address of a link that is there; the one it had goes.
void set_address(netlink::Socket& socket, const plan::LinkStep& step, const Link& link) {
  const model::Link& wanted = *step.to;
  const int index = link.message.index;
  const auto add = [&] {
    if (wanted.address == model::kNoAddress) return;
    const std::string what = "address " + wanted.address.to_string() + " on link " + wanted.name;
    check("cannot put " + what, socket.execute([&](netlink::MessageBuffer& buffer) {
      put_new_address(buffer, index, wanted.address);
    }),
          EEXIST);
  };
  add();
  if (!step.from || step.from->address == wanted.address || !has(link, step.from->address)) return;
  check("cannot take " + step.from->address.to_string() + " off link " + wanted.name,
        socket.execute([&](netlink::MessageBuffer& buffer) {
          put_delete_address(buffer, index, step.from->address);
        }),
        EADDRNOTAVAIL);
  // In the same subnet the new one was a secondary address, and went with the old one.
  add();
}

/// Sets alias, MTU, state and address of a link that is there.
void finish_link(netlink::Socket& socket, const plan::LinkStep& step, const Link& link,
                 std::uint32_t mtu) {
  const model::Link& wanted = *step.to;
  const int index = link.message.index;
  check("cannot set up link " + wanted.name, socket.execute([&](netlink::MessageBuffer& buffer) {
    put_finish_link(buffer, index, mtu, wanted.up);
  }));
  set_address(socket, step, link);
}

/// Of one without an alias the marks have gone with its routes and peers.
bool is_same_tunnel(const plan::LinkStep& step, const Link& there) {
  if (!step.from || !step.from->vxlan || !there.message.vxlan) return false;
  const model::Vxlan& known = *step.from->vxlan;
  const model::Vxlan& now = *there.message.vxlan;
  return known.vni == now.vni && known.port == now.port && known.local == now.local;
}

/// As a member of a bridge.
bool leads_to_a_wire(const Link& member) {
  const std::string& kind = member.message.kind;
  return kind != "veth" && kind != "tun" && kind != "dummy";
}

}  // namespace

std::vector<model::LinkFacts> LinkTable::facts() {
  Table table;
  std::vector<model::LinkFacts> facts;
  for (const Link& link : table.links()) {
    const LinkMessage& message = link.message;
    model::LinkFacts fact;
    fact.name = message.name;
    fact.up = (message.flags & IFF_UP) != 0;
    fact.carrier = (message.flags & kLowerUp) != 0;
    fact.bridge = message.kind == "bridge";
    fact.wired = fact.bridge && std::ranges::any_of(table.links(), [&](const Link& member) {
                   return member.message.master == message.index && leads_to_a_wire(member);
                 });
    fact.mtu = message.mtu;
    fact.vlan = message.vlan;
    fact.ipvlan = message.ipvlan;
    fact.vxlan = message.vxlan;
    fact.ours = is_ours(message);
    if (fact.ours && fact.vxlan && !message.marked()) fact.vxlan->as_we_make_it = false;
    fact.addresses = link.addresses;
    const bool has_parent =
        message.kind == "vlan" || message.kind == "macvlan" || message.kind == "ipvlan";
    const Link* parent = has_parent ? table.find(message.parent) : nullptr;
    if (parent != nullptr) fact.parent = parent->message.name;
    facts.push_back(std::move(fact));
  }
  std::sort(facts.begin(), facts.end());
  return facts;
}

std::vector<model::NeighbourFacts> LinkTable::neighbours() {
  std::vector<NeighbourMessage> found;
  netlink::Socket().dump(
      put_neighbour_dump, [&] { found.clear(); },
      [&](const nlmsghdr& message) {
        if (auto one = read_neighbour(message)) found.push_back(*one);
        return true;
      });
  std::map<int, std::string> names;
  std::vector<model::NeighbourFacts> facts;
  facts.reserve(found.size());
  for (const auto& [link, address, reach] : found) {
    auto& name = names[link];
    std::array<char, IF_NAMESIZE> buffer = {};
    const auto index = static_cast<unsigned>(link);
    if (name.empty() && ::if_indextoname(index, buffer.data()) != nullptr) name = buffer.data();
    if (!name.empty()) facts.push_back({address, name, reach});  // else the link is gone by now
  }
  std::sort(facts.begin(), facts.end());
  return facts;
}

bool LinkTable::makes_ipvlan() {
  return netlink::Socket().execute(put_ipvlan_question).error != EOPNOTSUPP;
}

bool LinkTable::makes_vxlan() {
  return netlink::Socket().execute(put_vxlan_question).error != EOPNOTSUPP;
}

void LinkTable::apply(const plan::LinkStep& step) {
  if (!step.from && !step.to) return;
  const std::string& name = step.to ? step.to->name : step.from->name;
  Table table;
  netlink::Socket socket;
  const Link* link = table.find(name);
  if (!step.to) {
    // Without our mark it is somebody else's by now: for us it is gone.
    const bool ours = link != nullptr && (is_ours(link->message) || is_same_tunnel(step, *link));
    if (ours) remove_link(socket, *link);
    return;
  }
  if (link != nullptr && !is_ours(link->message)) {
    throw base::Error(
        base::ErrorKind::kFailure,
        "cannot make " + title(*step.to) + ": a link of this name is there and not ours", EEXIST);
  }
  if (step.to->vxlan) {
    if (link == nullptr) return make_tunnel(*step.to);
    return remake_tunnel(*step.to, link->message, link->addresses);
  }
  const Link* parent = table.find(step.to->parent);
  if (parent == nullptr) {
    throw base::Error(base::ErrorKind::kFailure,
                      "cannot make " + title(*step.to) + ": there is no link " + step.to->parent,
                      ENODEV);
  }
  const std::uint32_t mtu = parent->message.mtu;
  const bool same = link != nullptr && link->message.vlan == step.to->vlan &&
                    link->message.ipvlan == step.to->ipvlan &&
                    link->message.parent == parent->message.index;
  if (link != nullptr && !same) remove_link(socket, *link);
  if (!same) {
    create_link(socket, *step.to, parent->message);
    table = Table();
    link = table.find(name);
    if (link == nullptr) base::throw_errno("link " + name + " vanished again", ENODEV);
  }
  finish_link(socket, step, *link, mtu);
}

}  // namespace overland::kernel
