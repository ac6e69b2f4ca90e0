// Any bytes as a netlink message of routes, tunnels, their peers or a refusal: what we read
// ourselves. The kernel's framing (a header whose length is that of the message) is given.

#include <linux/netlink.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/peer_message.h"
#include "kernel/route_message.h"
#include "kernel/vxlan_message.h"
#include "netlink/netlink_message.h"

using namespace overland;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof(nlmsghdr) || size > 65536) return 0;
  // Exactly as long as the message, so that the sanitizer sees a byte read past its end.
  std::vector<std::uint32_t> words((size + 3) / 4);
  std::memcpy(words.data(), data, size);
  auto* message = reinterpret_cast<nlmsghdr*>(words.data());
  message->nlmsg_len = static_cast<std::uint32_t>(size);
  kernel::route_protocol(*message);
  if (const auto route = kernel::read_route(*message)) {
    if (route->destination.length() > model::bits(route->destination.family())) std::abort();
  }
  kernel::read_vxlan(*message);
  kernel::read_neighbour_entry(*message);
  if (const auto entry = kernel::read_fdb_entry(*message)) {
    if (entry->attributes.size() >= size) std::abort();
  }
  if (message->nlmsg_type == NLMSG_ERROR && netlink::read_refusal(*message).error < 0) std::abort();
  return 0;
}
