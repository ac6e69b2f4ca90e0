// RouteTable's route lookups: diversions(), policy rules that have the kernel ask another table
// first, and on_link().

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "kernel/route_message.h"
#include "kernel/routes.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {
namespace {

using model::Address;
using model::Diversion;
using model::Prefix;

/// Of so many destinations it is asked whether a route refuses them, where no rule may: 2 ms.
constexpr std::size_t kMostUnruled = 1024;

/// Whose packets a rule is about; /0: anybody's.
struct Selector {
  Prefix from, to;
};

struct Rules {
  bool foreign = false;               // others than the three every host begins with
  std::vector<Selector> unreachable;  // of those that answer as if there were no route

  [[nodiscard]] bool may_refuse(const Address& from, const Prefix& to) const {
    return std::ranges::any_of(unreachable, [&](const Selector& rule) {
      return rule.from.contains(from) && rule.to.overlaps(to);
    });
  }
};

Prefix prefix_of(const nlattr* address, std::uint8_t length) {
  return {netlink::read_address(address).value_or(Address()), length};
}

void consider(const nlmsghdr& message, Rules& found) {
  std::array<nlattr*, FRA_MAX + 1> attributes = {};
  auto* whole = const_cast<nlmsghdr*>(&message);
  if (message.nlmsg_type != RTM_NEWRULE ||
      nlmsg_parse(whole, sizeof(fib_rule_hdr), attributes.data(), FRA_MAX, nullptr) < 0) {
    return;
  }
  const auto* header = static_cast<const fib_rule_hdr*>(nlmsg_data(whole));
  const std::uint32_t table = netlink::read_u32(attributes[FRA_TABLE], header->table);
  const bool usual = table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN || table == RT_TABLE_DEFAULT;
  found.foreign = found.foreign || header->action != FR_ACT_TO_TBL || !usual;
  if (header->action != FR_ACT_UNREACHABLE) return;
  found.unreachable.push_back({prefix_of(attributes[FRA_SRC], header->src_len),
                               prefix_of(attributes[FRA_DST], header->dst_len)});
}

/// Up to the first foreign one, or `all`.
Rules rules(bool all) {
  Rules found;
  const auto build = [](netlink::MessageBuffer& buffer) {
    fib_rule_hdr header = {};
    header.family = static_cast<std::uint8_t>(model::Family::kInet4);
    buffer.begin(RTM_GETRULE, 0, header);
  };
  try {
    netlink::Socket().dump(
        build, [&] { found = {}; },
        [&](const nlmsghdr& message) {
          consider(message, found);
          return all || !found.foreign;
        });
  } catch (const base::Error& error) {
    // A kernel without policy routing has no rules.
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
  return found;
}

std::string name_of(unsigned link) {
  std::array<char, IF_NAMESIZE> name = {};
  return ::if_indextoname(link, name.data()) == nullptr ? "" : name.data();
}

/// Where the packets asked about come in, and from whom.
struct Origin {
  unsigned link = 0;  // interface index
  Address source;
};

/// A container's address: the bridge's own would be refused as a source of incoming packets.
Address container_in(const model::InterfaceAddress& bridge) {
  const std::uint32_t first = bridge.prefix().network().ipv4() + 1;
  return Address::from_ipv4(first == bridge.address.ipv4() ? first + 1 : first);
}

std::optional<Origin> origin_at(const model::LinkFacts* bridge) {
  if (bridge == nullptr || !bridge->up) return std::nullopt;
  const unsigned link = ::if_nametoindex(bridge->name.c_str());
  for (const auto& address : bridge->addresses) {
    if (link != 0 && address.address.family() == model::Family::kInet4) {
      return Origin{link, container_in(address)};
    }
  }
  return std::nullopt;
}

/// What the kernel asks for where a tunnel sends: its own address, UDP and its port.
void put_around(netlink::MessageBuffer& buffer, const model::Address& peer,
                const model::Vxlan& tunnel) {
  constexpr std::uint8_t kUdp = IPPROTO_UDP;
  put_route_lookup(buffer, peer, tunnel.local);
  buffer.put_bytes(RTA_IP_PROTO, {&kUdp, 1});
  buffer.put_u16(RTA_DPORT, htons(tunnel.port));
}

/// What becomes of the packets around a tunnel's. A bridge of this host is a way out: who routes
/// may be a container (a VPN).
std::optional<Diversion> around_to(const Prefix& peer, const nlmsghdr& message,
                                   const model::LinkFacts& tunnel, const Rules& known) {
  if (message.nlmsg_type == NLMSG_ERROR) {
    const int error = netlink::read_refusal(message).error;
    const bool refused = error == EHOSTUNREACH || error == EACCES || error == EINVAL;
    // Of routes there is none, or one of type throw; a rule may answer so, too.
    const bool none = error == ENETUNREACH || error == EAGAIN;
    if (!refused && !none) return std::nullopt;
    if (refused || known.may_refuse(tunnel.vxlan->local, peer)) return Diversion{peer};
    return Diversion{peer, 0, ""};
  }
  const auto route = read_route(message);
  if (!route) return std::nullopt;
  const std::string link = name_of(route->link);
  const bool leaves = route->type == RTN_UNICAST && link != tunnel.name && link != "lo";
  if (!leaves) return Diversion{peer, 0, link};
  return Diversion{peer, route->table};
}

/// The table that has the answer; nullopt where the answer says nothing about rules.
std::optional<std::uint32_t> table_of(const nlmsghdr& message) {
  if (message.nlmsg_type != NLMSG_ERROR) {
    const auto route = read_route(message);
    return route ? std::optional(route->table) : std::nullopt;
  }
  // "unreachable", "prohibit" and "blackhole"; and strict rp_filter, where a rule leads the way
  // back elsewhere.
  const int error = netlink::read_refusal(message).error;
  const bool refused = error == ENETUNREACH || error == EACCES || error == EINVAL || error == EXDEV;
  return refused ? std::optional(std::uint32_t{0}) : std::nullopt;
}

}  // namespace

std::vector<Diversion> RouteTable::diversions(std::span<const Prefix> destinations,
                                              const model::LinkFacts* bridge, std::uint32_t mark) {
  std::vector<Diversion> result;
  const bool around = bridge != nullptr && bridge->vxlan;
  if (destinations.empty()) return result;
  const Rules known = rules(around);
  if (!known.foreign && !around) return result;
  const auto origin = around ? std::nullopt : origin_at(bridge);
  netlink::Socket().execute(
      known.foreign ? destinations.size() : std::min(destinations.size(), kMostUnruled),
      [&](netlink::MessageBuffer& buffer, std::size_t i) {
        const auto source = origin ? std::optional(origin->source) : std::nullopt;
        if (around) {
          put_around(buffer, destinations[i].network(), *bridge->vxlan);
        } else {
          put_route_lookup(buffer, destinations[i].network(), source);
        }
        buffer.put_u32(RTA_MARK, mark);
        if (origin) buffer.put_u32(RTA_IIF, origin->link);
      },
      [&](std::size_t i, const nlmsghdr& message) {
        std::optional<Diversion> found;
        if (around) {
          found = around_to(destinations[i], message, *bridge, known);
        } else if (const auto table = table_of(message)) {
          found = Diversion{destinations[i], *table};
        }
        if (found && found->table != RT_TABLE_MAIN) result.push_back(*std::move(found));
      });
  std::sort(result.begin(), result.end());
  // Some are asked about twice where answers were lost.
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::vector<Address> RouteTable::on_link(std::span<const Address> addresses) {
  std::vector<Address> result;
  if (addresses.empty()) return result;
  netlink::Socket().execute(
      addresses.size(),
      [&](netlink::MessageBuffer& buffer, std::size_t i) {
        put_route_lookup(buffer, addresses[i]);
      },
      [&](std::size_t i, const nlmsghdr& message) {
        const auto route = read_route(message);
        // A default route out of a tunnel is direct as well, and leads to nobody in particular.
        if (route && route->direct && route->destination.length() > 0)
          result.push_back(addresses[i]);
      });
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace overland::kernel
