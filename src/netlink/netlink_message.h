#pragma once
// Netlink messages as bytes: writing them end to end into one buffer, and reading attributes back
// through libnl. For the adapters only: it shows kernel and libnl types.

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "model/address.h"

struct nlattr;

namespace overland::netlink {

/// Any number of whole messages, each aligned as netlink(7) wants it. Attributes go to the message
/// begun last.
class MessageBuffer {
 public:
  void clear() { bytes_.clear(); }
  /// Starts a message: NLM_F_REQUEST is added to `flags`.
  template <typename Header>
  void begin(std::uint16_t type, unsigned flags, const Header& header) {
    static_assert(std::is_trivially_copyable_v<Header>);
    start(type, flags);
    append(&header, sizeof(header));
  }
  /// A whole message that somebody else (libnl) has built; it counts as begun last.
  void append_message(const nlmsghdr& message);
  /// Sequence number of the message begun last, and more flags for it.
  void finish(std::uint32_t sequence, unsigned flags = 0);

  void put_bytes(int type, std::span<const std::uint8_t> value);
  void put_u16(int type, std::uint16_t value) { put(type, &value, sizeof(value)); }
  void put_u32(int type, std::uint32_t value) { put(type, &value, sizeof(value)); }
  /// With its final NUL.
  void put_string(int type, const std::string& value) {
    put(type, value.c_str(), value.size() + 1);
  }
  void put_address(int type, const model::Address& address) { put_bytes(type, address.bytes()); }
  /// Opens a nested attribute; close() takes what open() gave.
  std::size_t open(int type);
  void close(std::size_t start);
  /// A bare structure inside a nested attribute (struct rtnexthop); gives its place.
  std::size_t append(const void* data, std::size_t size);

  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::uint8_t* at(std::size_t place) { return bytes_.data() + place; }

 private:
  void start(std::uint16_t type, unsigned flags);
  void put(int type, const void* data, std::size_t size);
  void grow_message();

  std::vector<std::uint8_t> bytes_;
  std::size_t message_ = 0;  // where the message begun last starts
};

/// What the kernel said to a message it refused.
struct Refusal {
  int error = 0;     // an errno, positive
  std::string text;  // its extended acknowledgement; often empty
};

/// Reads an NLMSG_ERROR message; error 0 is an acknowledgement.
Refusal read_refusal(const nlmsghdr& message);

/// "what: strerror (the kernel's text)" with the fitting kind: kPrivilege, kUnsupported, kFailure.
base::Error refusal_error(const std::string& what, const Refusal& refusal);

/// The attribute's address; nullopt where it is absent or of neither 4 nor 16 bytes.
std::optional<model::Address> read_address(const nlattr* attribute);
/// The attribute's number; `otherwise` where it is absent or too short.
std::uint32_t read_u32(const nlattr* attribute, std::uint32_t otherwise = 0);
std::uint16_t read_u16(const nlattr* attribute, std::uint16_t otherwise = 0);
/// The attribute's text up to the first NUL; empty where it is absent.
std::string_view read_text(const nlattr* attribute);

}  // namespace overland::netlink
