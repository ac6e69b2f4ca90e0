#include "kernel/main_table.h"

#include "kernel/route_message.h"

namespace overland::kernel {

void dump_main_table(std::uint8_t protocol, const std::function<void()>& restart,
                     const netlink::Socket::Visit& visit) {
  netlink::Socket().dump(
      [&](netlink::MessageBuffer& buffer) {
        put_route_dump(buffer, model::Family::kInet4, protocol);
      },
      restart, visit);
}

}  // namespace overland::kernel
