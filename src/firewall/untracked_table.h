#pragma once
// A table of its own that has one probe's packets not tracked: their answers then meet the rules
// that new flows from outside meet.

#include <cstdint>

#include "model/address.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall {

/// Stands as long as the object, or its process: the kernel takes it away with the socket.
class UntrackedTable {
 public:
  /// ICMP packets from and to `address` that carry `icmp_id` are not tracked. Throws kUnsupported
  /// where the kernel is older than 5.12 (NFT_TABLE_F_OWNER) or has no nf_tables, kPrivilege
  /// without CAP_NET_ADMIN.
  UntrackedTable(const model::Address& address, std::uint16_t icmp_id);

 private:
  netlink::Socket socket_{NETLINK_NETFILTER};
};

}  // namespace overland::firewall
