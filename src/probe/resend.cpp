#include "probe/resend.h"

#include "probe/packet.h"
#include "probe/space.h"
#include "probe/wire.h"

namespace overland::probe {

void resend(const Stand& stand, const std::vector<Resent>& echoes) {
  auto socket = in_space(stand.space, [&] { return EchoSocket(stand.sender.source); });
  constexpr std::uint8_t kTtl = 64;  // net.ipv4.ip_default_ttl's default
  for (const Resent& echo : echoes) {
    // What our own kernel refuses at once is what its rules do to it, and seen by who watches.
    socket.send(echo.to, echo_request({echo.icmp_id, 1, 0, 0}, kShortest), kTtl);
  }
}

}  // namespace overland::probe
