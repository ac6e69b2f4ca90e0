#pragma once
// Peers of a VXLAN link as rtnetlink messages: its entries of the neighbour table and of its
// forwarding database (FDB), which share a message type. Only for this folder: it shows kernel
// types.

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <span>

#include "model/address.h"
#include "model/mac.h"
#include "netlink/netlink_message.h"

namespace overland::kernel {

struct NeighbourEntry {
  int link = 0;  // interface index
  model::Address address;
  std::optional<model::Mac> mac;
  bool permanent = false;
  bool ours = false;  // by its protocol, which Linux tells from 5.0 on
};

struct FdbEntry {
  int link = 0;  // interface index
  model::Mac mac = {};
  std::optional<model::Address> outer;  // IPv4; where frames go
  bool plain = false;                   // permanent, and with the link's own port, VNI and routing
  std::span<const std::uint8_t> attributes;  // all of them, within the message
};

/// nullopt where the message is no entry of IPv4 that somebody made: of those the kernel makes
/// itself, some are for multicast, and others say that nobody answered.
std::optional<NeighbourEntry> read_neighbour_entry(const nlmsghdr& message);
/// nullopt where the message is no entry of a link's own FDB.
std::optional<FdbEntry> read_fdb_entry(const nlmsghdr& message);

/// Dumps; kernels before 5.0 give those of other links, too.
void put_neighbours_of(netlink::MessageBuffer& buffer, int link);
void put_fdb_of(netlink::MessageBuffer& buffer, int link);

/// Makes them, or makes of what is there under that address what it should be.
void put_neighbour_entry(netlink::MessageBuffer& buffer, int link, const model::Address& address,
                         const model::Mac& mac);
void put_fdb_entry(netlink::MessageBuffer& buffer, int link, const model::Mac& mac,
                   const model::Address& outer);

void put_delete_neighbour(netlink::MessageBuffer& buffer, int link, const model::Address& address);
/// Deletes what a dump has shown with these attributes, and no other place the same Ethernet
/// address leads to.
void put_delete_fdb(netlink::MessageBuffer& buffer, int link,
                    std::span<const std::uint8_t> attributes);

}  // namespace overland::kernel
