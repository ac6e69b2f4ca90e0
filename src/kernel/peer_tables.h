#pragma once
// What there is of peers on one VXLAN link, and what is made of it. Only for this folder: it shows
// kernel types.

#include <functional>
#include <span>
#include <vector>

#include "host/ports.h"
#include "kernel/peer_message.h"
#include "netlink/netlink_socket.h"

namespace overland::kernel {

/// Whom an entry is about: where it leads, or where that is none of IPv4, the Ethernet address, as
/// ours are made (model::tunnel_mac).
model::Address subject(const FdbEntry& entry);

/// Whether it is as ours are.
bool is_right(const FdbEntry& entry);

/// `restart` is called before each try, as Socket::dump() does.
void dump_fdb(netlink::Socket& socket, int link, const std::function<void()>& restart,
              const std::function<void(const FdbEntry&)>& visit);
void dump_neighbours(netlink::Socket& socket, int link, const std::function<void()>& restart,
                     const std::function<void(const NeighbourEntry&)>& visit);

/// host::Neighbours::apply() for the link with that interface index.
std::vector<host::Outcome> change_peers(std::span<const plan::NeighbourStep> steps, int link);

}  // namespace overland::kernel
