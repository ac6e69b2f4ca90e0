#include "cli/content_hash.h"

#include <cstdint>
#include <sstream>

namespace overland::cli {

std::string content_hash(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // offset basis and prime of FNV-1a, 64 bits
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  std::ostringstream digits;
  digits.width(16);
  digits.fill('0');
  digits << std::hex << hash;
  return digits.str();
}

}  // namespace overland::cli
