#pragma once
// Writes nf_tables over nfnetlink, messages made by libnftnl: what is sent costs some forty bytes
// of memory an element, where libnftables builds kilobytes (docs/decisions/012).

#include <vector>

#include "firewall/nft/command.h"

namespace overland::firewall::nft {

/// Has the kernel carry out all `commands` as one transaction, or none. Throws kPrivilege without
/// CAP_NET_ADMIN, kUnsupported where the kernel lacks what a command needs, else kFailure with the
/// kernel's errno and the command it refused; nothing has changed then.
void carry_out(const std::vector<Command>& commands);

}  // namespace overland::firewall::nft
