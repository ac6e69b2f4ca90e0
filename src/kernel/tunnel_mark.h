#pragma once
// What is ours though its alias says nothing of it. Only for this folder: it shows kernel types.

#include "kernel/link_message.h"

namespace overland::kernel {

/// Whether the link is ours: marked, or our tunnel after somebody took its alias away. Left as a
/// stranger's it would be open to whoever sends to it, once no rule of ours asks. That tunnel is
/// known by its Ethernet address (model::tunnel_mac of its own outer address), or under our name
/// by entries of the neighbour table or routes with our protocol. Asks the kernel for these only
/// where nothing else tells.
bool is_ours(const LinkMessage& link);

}  // namespace overland::kernel
