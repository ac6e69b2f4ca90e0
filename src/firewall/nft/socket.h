#pragma once
// A conversation with nf_tables: requests whose answer is a list. Message formats:
// linux/netfilter/nf_tables.h.

#include <cstdint>
#include <functional>
#include <vector>

#include "firewall/attributes.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::nft {

struct Request {
  std::uint16_t message = 0;  // NFT_MSG_GET…
  std::uint8_t family = 2;    // NFPROTO_…; 0: of all
  std::vector<std::uint8_t> attributes;
};

/// All throw kPrivilege without CAP_NET_ADMIN and kUnsupported where the kernel has no nf_tables.
class Socket {
 public:
  /// Calls `visit` for each object of the answer; no such table or set is an empty one.
  /// Where the rules changed meanwhile it starts again: `start` forgets what was seen so far.
  void dump(const Request& request, const std::function<void()>& start,
            const std::function<void(std::uint8_t family, Bytes attributes)>& visit);

  /// A number that every change of any table of this network namespace moves.
  std::uint32_t generation();

 private:
  netlink::Socket socket_{NETLINK_NETFILTER};
};

}  // namespace overland::firewall::nft
