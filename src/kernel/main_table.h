#pragma once
// The kernel's main routing table for IPv4, entry by entry. Only for this folder: it shows kernel
// types.

#include <cstdint>
#include <functional>

#include "netlink/netlink_socket.h"

namespace overland::kernel {

/// As netlink::Socket::dump: of `protocol` (RTPROT_* of rtnetlink(7), 0: of each), and of other
/// protocols and tables too where the kernel does not filter. In a network namespace whose lo is
/// still down the table was never made: ENOENT.
void dump_main_table(std::uint8_t protocol, const std::function<void()>& restart,
                     const netlink::Socket::Visit& visit);

}  // namespace overland::kernel
