#include "kernel/links.h"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "kernel/link_message.h"
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

void create_link(netlink::Socket& socket, const model::VlanLink& wanted,
                 const LinkMessage& parent) {
  const netlink::Refusal refusal = socket.execute([&](netlink::MessageBuffer& buffer) {
    put_new_vlan(buffer, wanted.name, parent.index, wanted.vlan, parent.mtu);
  });
  const std::string what = "cannot make VLAN link " + wanted.name;
  if (refusal.error == EOPNOTSUPP) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      what + ": this kernel has no 802.1Q; load the module 8021q", EOPNOTSUPP);
  }
  check(what, refusal);
}

/// Sets alias, MTU, state and address of a link that is there.
void finish_link(netlink::Socket& socket, const plan::LinkStep& step, const Link& link,
                 std::uint32_t mtu) {
  const model::VlanLink& wanted = *step.to;
  const int index = link.message.index;
  check("cannot set up link " + wanted.name, socket.execute([&](netlink::MessageBuffer& buffer) {
    put_finish_link(buffer, index, mtu, wanted.up);
  }));
  const std::string what = "address " + wanted.address.to_string() + " on link " + wanted.name;
  const auto add = [&] {
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
    fact.mtu = message.mtu;
    fact.vlan = message.vlan;
    fact.ours = message.ours();
    fact.addresses = link.addresses;
    const Link* parent = message.kind == "vlan" ? table.find(message.parent) : nullptr;
    if (parent != nullptr) fact.parent = parent->message.name;
    facts.push_back(std::move(fact));
  }
  std::sort(facts.begin(), facts.end());
  return facts;
}

void LinkTable::apply(const plan::LinkStep& step) {
  if (!step.from && !step.to) return;
  const std::string& name = step.to ? step.to->name : step.from->name;
  Table table;
  netlink::Socket socket;
  const Link* link = table.find(name);
  if (!step.to) {
    // Without our mark it is somebody else's by now: for us it is gone.
    if (link != nullptr && link->message.ours()) remove_link(socket, *link);
    return;
  }
  if (link != nullptr && !link->message.ours()) {
    throw base::Error(
        base::ErrorKind::kFailure,
        "cannot make VLAN link " + name + ": a link of this name is there and not ours", EEXIST);
  }
  const Link* parent = table.find(step.to->parent);
  if (parent == nullptr) {
    throw base::Error(base::ErrorKind::kFailure,
                      "cannot make VLAN link " + name + ": there is no link " + step.to->parent,
                      ENODEV);
  }
  const std::uint32_t mtu = parent->message.mtu;
  const bool same = link != nullptr && link->message.vlan == step.to->vlan &&
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
