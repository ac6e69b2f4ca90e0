#include "firewall/printable.h"

#include <cstdio>

namespace overland::firewall {

std::string printable(const std::string& name) {
  std::string result;
  for (const char character : name) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte < 0x7f) {
      result += character;
    } else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      result += escaped;
    }
  }
  return result;
}

}  // namespace overland::firewall
