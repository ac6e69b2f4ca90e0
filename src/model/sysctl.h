#pragma once
// One kernel parameter, by its sysctl(8) name.

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>

namespace overland::model {

struct Sysctl {
  std::string key;    // "net.ipv4.ip_forward"; a '/' inside a link's name stands as in sysctl(8)
  std::string value;  // as /proc/sys prints it, without the newline

  auto operator<=>(const Sysctl&) const = default;
};

inline constexpr const char* kIpForward = "net.ipv4.ip_forward";

/// Who turned kIpForward on in this boot.
enum class Forwarding : std::uint8_t {
  kOff,        // it is not on: whoever turns it on now is the one
  kOurs,       // we did
  kForeign,    // it was on before us
  kForgotten,  // rules of ours stand, and our memory of who did is lost
};

/// The parameter `name` of one link: "net.ipv4.conf.eth0/100.rp_filter" for the link eth0.100.
inline std::string link_parameter(std::string link, const std::string& name) {
  std::replace(link.begin(), link.end(), '.', '/');
  return "net.ipv4.conf." + link + "." + name;
}

/// Whether `key` is the forwarding of one link. Where it is off while kIpForward is on somebody
/// turned it off for that link: the kernel sets all at once.
inline bool is_link_forwarding(const std::string& key) {
  return key.starts_with("net.ipv4.conf.") && key.ends_with(".forwarding");
}

}  // namespace overland::model
