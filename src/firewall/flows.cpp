#include "firewall/flows.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "firewall/attributes.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall {
namespace {

using model::Address;
using model::Prefix;

bool has(const std::vector<Prefix>& list, const Address& address) {
  const auto after = std::ranges::upper_bound(list, address, {}, &Prefix::network);
  return after != list.begin() && std::prev(after)->contains(address);
}

bool peers_have(const LostTrust::Lists& lists, const Address& address) {
  return has(lists.subnets, address) || has(lists.hosts, address);
}

/// Neighbours are merged, so that what is covered at all is covered by one.
bool covered(const std::vector<Prefix>& list, const std::vector<Prefix>& by) {
  return std::ranges::all_of(list, [&](const Prefix& one) {
    const auto after = std::ranges::upper_bound(by, one.network(), {}, &Prefix::network);
    return after != by.begin() && std::prev(after)->contains(one);
  });
}

Bytes attributes_of(const nlmsghdr& message, std::size_t header) {
  const Bytes all(reinterpret_cast<const std::uint8_t*>(&message), message.nlmsg_len);
  const std::size_t start = NLMSG_SPACE(header);
  return all.size() < start ? Bytes() : all.subspan(start);
}

/// Of IPv4 only.
std::optional<Address> address_of(Bytes data) {
  if (data.size() != 4) return std::nullopt;
  return Address::from_bytes(data);
}

std::optional<Flow> flow_of(Bytes entry) {
  const auto end = [&](std::uint16_t tuple, std::uint16_t which) {
    return address_of(
        find_attribute(find_attribute(find_attribute(entry, tuple), CTA_TUPLE_IP), which));
  };
  const auto source = end(CTA_TUPLE_ORIG, CTA_IP_V4_SRC);
  const auto destination = end(CTA_TUPLE_ORIG, CTA_IP_V4_DST);
  const auto reply_source = end(CTA_TUPLE_REPLY, CTA_IP_V4_SRC);
  const auto reply_destination = end(CTA_TUPLE_REPLY, CTA_IP_V4_DST);
  if (!source || !destination || !reply_source || !reply_destination) return std::nullopt;
  return Flow{*source, *destination, *reply_source, *reply_destination};
}

/// How the kernel is told which entry is meant.
struct Identity {
  explicit Identity(Bytes entry)
      : tuple(copy(entry, CTA_TUPLE_ORIG)), zone(copy(entry, CTA_ZONE)), id(copy(entry, CTA_ID)) {}

  static std::vector<std::uint8_t> copy(Bytes entry, std::uint16_t attribute) {
    const Bytes found = find_attribute(entry, attribute);
    return {found.begin(), found.end()};
  }

  std::vector<std::uint8_t> tuple, zone, id;
};

std::set<Address> own_addresses() {
  std::set<Address> result;
  netlink::Socket().dump(
      [](netlink::MessageBuffer& buffer) {
        ifaddrmsg header = {};
        header.ifa_family = AF_INET;
        buffer.begin(RTM_GETADDR, 0, header);
      },
      [&] { result.clear(); },
      [&](const nlmsghdr& message) {
        const Bytes local =
            find_attribute(attributes_of(message, sizeof(ifaddrmsg)), std::uint16_t{IFA_LOCAL});
        if (const auto address = address_of(local)) result.insert(*address);
        return true;
      });
  return result;
}

void begin(netlink::MessageBuffer& buffer, std::uint16_t type) {
  const nfgenmsg general = {AF_INET, NFNETLINK_V0, 0};
  buffer.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8U | type), 0, general);
}

/// What has ended meanwhile is gone, too.
void remove(const std::vector<Identity>& entries) {
  netlink::Socket(NETLINK_NETFILTER)
      .execute(
          entries.size(),
          [&](netlink::MessageBuffer& buffer, std::size_t index) {
            const Identity& entry = entries[index];
            begin(buffer, IPCTNL_MSG_CT_DELETE);
            buffer.put_bytes(CTA_TUPLE_ORIG | NLA_F_NESTED, entry.tuple);
            if (!entry.zone.empty()) buffer.put_bytes(CTA_ZONE, entry.zone);
            if (!entry.id.empty()) buffer.put_bytes(CTA_ID, entry.id);
          },
          [](std::size_t, const nlmsghdr& message) {
            if (message.nlmsg_type != NLMSG_ERROR) return;
            const netlink::Refusal refusal = netlink::read_refusal(message);
            if (refusal.error != 0 && refusal.error != ENOENT) {
              throw netlink::refusal_error("cannot end a flow", refusal);
            }
          });
}

/// Closed networks among them: who is trusted by neither is lost.
std::vector<model::Prefix> peer_containers(const model::FirewallPolicy& policy) {
  if (policy.closed.empty()) return policy.peer_subnets;
  auto all = model::closed_peers(policy);
  all.insert(all.end(), policy.peer_subnets.begin(), policy.peer_subnets.end());
  return model::aggregate(std::move(all));
}

std::vector<model::Prefix> own(const model::FirewallPolicy& policy) {
  auto all = policy.local;
  for (const auto& one : policy.closed) {
    all.insert(all.end(), one.subnets.begin(), one.subnets.end());
  }
  return model::aggregate(std::move(all));
}

LostTrust::Reach reach_of(const model::FirewallPolicy& policy) {
  LostTrust::Reach reach = {policy.local, own(policy), policy.peer_subnets, policy.peer_hosts, {}};
  for (const auto& one : policy.closed) reach.ways.push_back({one.subnets, one.peers});
  for (const auto& one : policy.joins) reach.ways.push_back({one.one.subnets, one.other.subnets});
  return reach;
}

bool reaches(const LostTrust::Reach& reach, const Address& near, const Address& far) {
  if (has(reach.local, near) && (has(reach.subnets, far) || has(reach.hosts, far))) return true;
  return std::ranges::any_of(reach.ways, [&](const auto& way) {
    return (has(way.one, near) && has(way.other, far)) ||
           (has(way.one, far) && has(way.other, near));
  });
}

/// Between ends that are trusted still, but not with each other.
bool lost_between(const LostTrust& lost, const Address& near, const Address& far) {
  return has(lost.reaches.own, near) && reaches(lost.reached, near, far) &&
         !reaches(lost.reaches, near, far);
}

/// Containers that became closed, or ways that ended.
bool ends_ways(const LostTrust::Reach& from, const LostTrust::Reach& to) {
  const bool closed = std::ranges::any_of(from.local, [&](const Prefix& one) {
    return !covered({one}, to.local) && covered({one}, to.own);
  });
  const auto ended = [&](const LostTrust::Way& way) {
    if (covered(way.one, to.local) && covered(way.other, to.subnets)) return false;
    return std::ranges::none_of(to.ways, [&](const auto& other) {
      return covered(way.one, other.one) && covered(way.other, other.other);
    });
  };
  return closed || std::ranges::any_of(from.ways, ended);
}

}  // namespace

LostTrust lost_trust(const model::FirewallPolicy& from, const model::FirewallPolicy& to) {
  LostTrust lost = {own(from),
                    {peer_containers(from), from.peer_hosts, from.transit},
                    {peer_containers(to), to.peer_hosts, to.transit},
                    reach_of(from),
                    reach_of(to)};
  lost.any = !covered(lost.before.subnets, lost.after.subnets) ||
             !covered(from.peer_hosts, to.peer_hosts) || !covered(from.transit, to.transit) ||
             ends_ways(lost.reached, lost.reaches);
  return lost;
}

Uncut uncut(const LostTrust& lost) {
  if (!lost.any) return {};
  const auto gone = [](std::vector<Prefix> list, const std::vector<Prefix>& by) {
    std::erase_if(list, [&](const Prefix& one) { return covered({one}, by); });
    return list;
  };
  return {lost.local, gone(lost.before.subnets, lost.after.subnets),
          gone(lost.before.hosts, lost.after.hosts), gone(lost.before.transit, lost.after.transit)};
}

model::FirewallPolicy before_cut(model::FirewallPolicy policy, const Uncut& uncut) {
  const auto join = [](std::vector<Prefix>& list, const std::vector<Prefix>& more) {
    if (more.empty()) return;
    list.insert(list.end(), more.begin(), more.end());
    list = model::aggregate(std::move(list));
  };
  join(policy.local, uncut.local);
  join(policy.peer_subnets, uncut.subnets);
  join(policy.peer_hosts, uncut.hosts);
  join(policy.transit, uncut.transit);
  return policy;
}

bool hangs_on(const LostTrust& lost, const Flow& flow, const std::set<Address>& own) {
  if (flow.reply_source != flow.destination || flow.reply_destination != flow.source) return false;
  const auto lost_as_peer = [&](const Address& one) {
    return peers_have(lost.before, one) && !peers_have(lost.after, one);
  };
  const auto lost_in_transit = [&](const Address& one) {
    return has(lost.before.transit, one) && !has(lost.after.transit, one);
  };
  const auto hangs = [&](const Address& far, const Address& near) {
    return (has(lost.local, near) && lost_as_peer(far)) ||
           (has(lost.before.transit, near) && lost_in_transit(far)) ||
           lost_between(lost, near, far);
  };
  if (!hangs(flow.source, flow.destination) && !hangs(flow.destination, flow.source)) return false;
  return !own.contains(flow.source) && !own.contains(flow.destination);
}

std::size_t cut_flows(const LostTrust& lost, const base::Deadline& deadline) {
  if (!lost.any) return 0;
  constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);
  constexpr std::size_t kAtOnce = 1024;
  const auto until = std::chrono::steady_clock::now() + deadline.at_most(kPatience);
  const std::set<Address> own = own_addresses();
  std::vector<Identity> found;
  std::size_t cut = 0;
  bool whole = true;
  const auto end_found = [&] {
    remove(found);
    cut += found.size();
    found.clear();
  };
  try {
    netlink::Socket(NETLINK_NETFILTER)
        .dump([](netlink::MessageBuffer& buffer) { begin(buffer, IPCTNL_MSG_CT_GET); }, [] {},
              [&](const nlmsghdr& message) {
                const Bytes entry = attributes_of(message, sizeof(nfgenmsg));
                const auto flow = flow_of(entry);
                if (flow && hangs_on(lost, *flow, own)) found.emplace_back(entry);
                if (found.size() == kAtOnce) end_found();
                whole = std::chrono::steady_clock::now() < until;
                return whole;
              });
  } catch (const base::Error& error) {
    // EINVAL: nfnetlink's word for a subsystem that is not there.
    if (error.errno_value() != EINVAL) throw;
    throw base::Error(base::ErrorKind::kUnsupported,
                      "this kernel does not show its connection tracking (no ctnetlink)", EINVAL);
  }
  end_found();
  if (!whole) {
    throw base::Error(base::ErrorKind::kFailure,
                      "connection tracking holds too many flows to look at all of them", ETIMEDOUT);
  }
  return cut;
}

}  // namespace overland::firewall
