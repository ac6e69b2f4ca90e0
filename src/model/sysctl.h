#pragma once
// One kernel parameter, by its sysctl(8) name.

#include <algorithm>
#include <compare>
#include <string>

namespace overland::model {

struct Sysctl {
  std::string key;    // "net.ipv4.ip_forward"; a '/' inside a link's name stands as in sysctl(8)
  std::string value;  // as /proc/sys prints it, without the newline

  auto operator<=>(const Sysctl&) const = default;
};

/// The parameter `name` of one link: "net.ipv4.conf.eth0/100.rp_filter" for the link eth0.100.
inline std::string link_parameter(std::string link, const std::string& name) {
  std::replace(link.begin(), link.end(), '.', '/');
  return "net.ipv4.conf." + link + "." + name;
}

}  // namespace overland::model
