#pragma once
// Making our tunnel's link (model/link.h). Only for this folder: it shows kernel types.

#include <span>

#include "kernel/link_message.h"
#include "model/link.h"

namespace overland::kernel {

/// `wanted` has no link of its name yet. Nothing is left behind where it fails. Throws kFailure
/// with EEXIST where another tunnel has its VNI on its port, with EADDRINUSE where a program has
/// the port, kUnsupported where the kernel has no vxlan.
void make_tunnel(const model::Link& wanted);

/// Makes `wanted` of a link of ours under that name: in place where the kernel allows that, else
/// anew, and then its peers and our routes by it are put back. Where it cannot be made anew the old
/// one stands again, if both have one VNI and port. It keeps no address of IPv4 but the one wanted.
/// Throws likewise.
void remake_tunnel(const model::Link& wanted, const LinkMessage& there,
                   std::span<const model::InterfaceAddress> addresses);

}  // namespace overland::kernel
