#pragma once
// One kernel parameter, by its sysctl(8) name.

#include <compare>
#include <string>

namespace overland::model {

struct Sysctl {
  std::string key;    // "net.ipv4.ip_forward"; a '/' inside a link's name stands as in sysctl(8)
  std::string value;  // as /proc/sys prints it, without the newline

  auto operator<=>(const Sysctl&) const = default;
};

}  // namespace overland::model
