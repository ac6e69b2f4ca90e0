#include "base/digest.h"

#include <cstddef>
#include <cstring>

namespace overland::base {

void Digest::add(std::span<const std::uint8_t> bytes) {
  add(std::uint64_t{bytes.size()});
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), kWord);
    add(word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  add(rest);
}

void Digest::add(std::string_view text) {
  add(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace overland::base
