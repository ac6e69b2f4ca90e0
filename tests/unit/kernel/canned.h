#pragma once
// One netlink message as the kernel would send it, in memory aligned for it.

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "netlink/netlink_message.h"

namespace overland::tests {

class Canned {
 public:
  explicit Canned(const std::function<void(netlink::MessageBuffer&)>& build) {
    netlink::MessageBuffer buffer;
    build(buffer);
    assign(buffer.bytes());
  }
  explicit Canned(std::span<const std::uint8_t> bytes) { assign(bytes); }

  [[nodiscard]] const nlmsghdr& message() const {
    return *reinterpret_cast<const nlmsghdr*>(words_.data());
  }
  /// The first `length` bytes only, their header saying so.
  [[nodiscard]] Canned cut(std::uint32_t length) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(words_.data());
    Canned shorter(std::span(bytes, length));
    std::memcpy(shorter.words_.data(), &length, sizeof(length));  // nlmsg_len comes first
    return shorter;
  }

 private:
  void assign(std::span<const std::uint8_t> bytes) {
    words_.resize((bytes.size() + 7) / 8);
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }

  std::vector<std::uint64_t> words_;
};

}  // namespace overland::tests
