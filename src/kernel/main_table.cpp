#include "kernel/main_table.h"

#include <cerrno>

#include "base/error.h"
#include "kernel/route_message.h"

namespace overland::kernel {

void dump_main_table(std::uint8_t protocol, const std::function<void()>& restart,
                     const netlink::Socket::Visit& visit) {
  try {
    netlink::Socket().dump(
        [&](netlink::MessageBuffer& buffer) {
          put_route_dump(buffer, model::Family::kInet4, protocol);
        },
        restart, visit);
  } catch (const base::Error& error) {
    // "FIB table does not exist" (inet_dump_fib of net/ipv4/fib_frontend.c).
    if (error.errno_value() != ENOENT) throw;
  }
}

}  // namespace overland::kernel
