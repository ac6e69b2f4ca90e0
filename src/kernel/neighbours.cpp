#include "kernel/neighbours.h"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include "base/digest.h"
#include "kernel/link_message.h"
#include "kernel/peer_tables.h"
#include "kernel/tunnel_mark.h"

namespace overland::kernel {
namespace {

using model::Address;
using model::Neighbour;

/// Where a neighbour's frames go, by its Ethernet address; nullopt where it is none of ours.
std::optional<Address> end_of(const NeighbourEntry& entry) {
  if (!entry.permanent || !entry.mac) return std::nullopt;
  const auto outer = Address::from_bytes({entry.mac->data() + 2, 4});
  return model::tunnel_mac(outer) == *entry.mac ? std::optional(outer) : std::nullopt;
}

}  // namespace

int own_tunnel() {
  const auto index = static_cast<int>(::if_nametoindex(std::string(model::kTunnelLink).c_str()));
  if (index == 0) return 0;
  std::optional<LinkMessage> link;
  netlink::Socket().execute(
      1, [&](netlink::MessageBuffer& buffer, std::size_t) { put_link_question(buffer, index); },
      [&](std::size_t, const nlmsghdr& message) { link = read_link(message); });
  return link && link->kind == "vxlan" && is_ours(*link) ? index : 0;
}

std::vector<Neighbour> NeighbourTable::read() {
  const int link = own_tunnel();
  if (link == 0) return {};
  netlink::Socket socket;
  std::vector<Address> ends;  // that frames go to as they should
  std::vector<Neighbour> found;
  dump_fdb(
      socket, link,
      [&] {
        ends.clear();
        found.clear();
      },
      [&](const FdbEntry& entry) {
        if (is_right(entry)) {
          ends.push_back(*entry.outer);
        } else {
          found.push_back({subject(entry), {}});
        }
      });
  std::sort(ends.begin(), ends.end());
  std::vector<bool> used(ends.size());
  std::vector<NeighbourEntry> neighbours;
  dump_neighbours(
      socket, link, [&] { neighbours.clear(); },
      [&](const NeighbourEntry& entry) { neighbours.push_back(entry); });
  for (const auto& entry : neighbours) {
    const auto outer = end_of(entry);
    const auto end = outer ? std::lower_bound(ends.begin(), ends.end(), *outer) : ends.end();
    const bool right = end != ends.end() && *end == *outer;
    if (right) used[static_cast<std::size_t>(end - ends.begin())] = true;
    found.push_back({entry.address, right ? *outer : Address()});
  }
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!used[i]) found.push_back({ends[i], {}});
  }
  // Of two with one address the damaged one, which sorts before, counts.
  std::sort(found.begin(), found.end());
  const auto same = [](const Neighbour& left, const Neighbour& right) {
    return left.address == right.address;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

std::uint64_t neighbours_sum(std::uint64_t seed) {
  const int link = own_tunnel();
  if (link == 0) return 0;
  netlink::Socket socket;
  std::uint64_t fdb = 0;
  dump_fdb(
      socket, link, [&] { fdb = 0; },
      [&](const FdbEntry& entry) {
        base::Digest one(seed);
        one.add(entry.mac);
        one.add(subject(entry).bytes());
        one.add(std::uint64_t{entry.plain});
        fdb += one.value();
      });
  std::uint64_t neighbours = 0;
  dump_neighbours(
      socket, link, [&] { neighbours = 0; },
      [&](const NeighbourEntry& entry) {
        base::Digest one(seed);
        one.add(entry.address.bytes());
        if (entry.mac) one.add(*entry.mac);
        one.add(std::uint64_t{entry.permanent});
        neighbours += one.value();
      });
  base::Digest sum(seed);
  sum.add(fdb);
  sum.add(neighbours);
  return sum.value();
}

std::vector<host::Outcome> NeighbourTable::apply(std::span<const plan::NeighbourStep> steps) {
  if (const int link = own_tunnel(); link != 0) return change_peers(steps, link);
  std::vector<host::Outcome> outcomes(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].to) continue;  // gone with the link
    outcomes[i] =
        base::Error(base::ErrorKind::kFailure,
                    "cannot enter neighbour " + steps[i].to->address.to_string() +
                        ": there is no link " + std::string(model::kTunnelLink) + " of ours",
                    ENODEV);
  }
  return outcomes;
}

}  // namespace overland::kernel
