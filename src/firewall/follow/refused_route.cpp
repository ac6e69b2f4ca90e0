#include "firewall/follow/refused_route.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "firewall/printable.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::follow {
namespace {

/// An errno, 0 where there is a route. `arriving`: as for a packet that comes in, else as for one
/// of our own to the same destination.
int look_up(const Arrival& packet, bool arriving) {
  const std::uint8_t bits = model::bits(packet.destination.family());
  return netlink::Socket()
      .execute([&](netlink::MessageBuffer& buffer) {
        rtmsg header = {};
        header.rtm_family = static_cast<unsigned char>(packet.destination.family());
        header.rtm_dst_len = bits;
        if (arriving) header.rtm_src_len = bits;
        buffer.begin(RTM_GETROUTE, 0, header);
        buffer.put_address(RTA_DST, packet.destination);
        if (arriving) buffer.put_address(RTA_SRC, packet.source);
        if (arriving) buffer.put_u32(RTA_IIF, packet.link);
        if (packet.mark != 0) buffer.put_u32(RTA_MARK, packet.mark);
      })
      .error;
}

/// A setting of a link; 0 where it cannot be read.
int setting(const std::string& link, const char* key) {
  const std::filesystem::path path = "/proc/sys/net/ipv4/conf/" + link + "/" + key;
  constexpr std::size_t kLimit = 64;
  const std::string text = base::read_file(path, kLimit).value_or("");
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string name_of(std::uint32_t link) {
  std::array<char, IF_NAMESIZE> name = {};
  return ::if_indextoname(link, name.data()) == nullptr ? "" : name.data();
}

}  // namespace

std::string refused_route(const Arrival& packet) {
  const std::string link = name_of(packet.link);
  const int error = link.empty() ? 0 : look_up(packet, true);
  if (error == 0) return "";
  const std::string to = packet.destination.to_string();
  const std::string from = packet.source.to_string();
  const std::string by = printable(link);
  const int otherwise = look_up(packet, false);
  if (error == ENETUNREACH) return "no route to " + to;
  if (error == EACCES) return "a prohibit route to " + to;
  if (error == EHOSTUNREACH) {
    if (otherwise == EHOSTUNREACH) return "an unreachable route to " + to;
    return setting(link, "forwarding") == 0 ? "forwarding is off on " + by : "no way to " + to;
  }
  if (error != EINVAL && error != EXDEV) return "";
  if (otherwise == EINVAL) return "a blackhole route to " + to;
  // The stricter of both counts (ip-sysctl).
  const int filter = std::max(setting("all", "rp_filter"), setting(link, "rp_filter"));
  if (filter == 0) return "the kernel believes no packet from " + from + " on " + by;
  return "the reverse path filter of " + by + " (rp_filter = " + std::to_string(filter) +
         "): the route to " + from + (filter == 1 ? " leads elsewhere" : " is missing");
}

}  // namespace overland::firewall::follow
