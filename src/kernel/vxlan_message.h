#pragma once
// VXLAN links as rtnetlink messages: their own attributes (ip-link(8), type vxlan). Only for this
// folder: it shows kernel types.

#include <linux/netlink.h>

#include <optional>
#include <string>

#include "model/link.h"
#include "netlink/netlink_message.h"

namespace overland::kernel {

/// What RTM_NEWLINK says of a VXLAN link; `as_we_make_it` is of its options, its Ethernet address
/// and whether it is a bridge's member. nullopt where it is of another kind.
std::optional<model::Vxlan> read_vxlan(const nlmsghdr& message);

/// The link is down and belongs to kUnfinishedGroup (link_message.h).
void put_new_vxlan(netlink::MessageBuffer& buffer, const std::string& name,
                   const model::Vxlan& tunnel);

/// Asks for a VXLAN link without a VNI, which a kernel that knows the kind refuses with EINVAL
/// (vxlan_validate of drivers/net/vxlan), any other with EOPNOTSUPP: nothing is ever made.
void put_vxlan_question(netlink::MessageBuffer& buffer);

}  // namespace overland::kernel
