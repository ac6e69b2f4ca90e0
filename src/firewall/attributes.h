#pragma once
// Netlink attributes (netlink(7)) of one message: bounds-checked reading, plain writing.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace overland::firewall {

using Bytes = std::span<const std::uint8_t>;

/// The attributes of `payload` in order; a malformed tail ends the walk.
struct Attribute {
  std::uint16_t type = 0;  // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  Bytes data;
};

template <typename Visit>
void for_each_attribute(Bytes payload, Visit visit);

/// The first attribute of that type; empty where there is none.
Bytes find_attribute(Bytes payload, std::uint16_t type);
/// A NUL-terminated string attribute.
std::string text_of(Bytes data);
/// Big-endian numbers, as nf_tables sends them; 0 where the size is wrong.
std::uint32_t number32_of(Bytes data);
std::uint64_t number64_of(Bytes data);

/// Appends an attribute and the padding.
void put_bytes(std::vector<std::uint8_t>& message, std::uint16_t type, Bytes data);
/// Appends a string attribute with its final NUL and the padding.
void put_text(std::vector<std::uint8_t>& message, std::uint16_t type, std::string_view text);

namespace detail {
/// Takes the next attribute off `rest`; false at the end.
bool next_attribute(Bytes& rest, Attribute& attribute);
}  // namespace detail

template <typename Visit>
void for_each_attribute(Bytes payload, Visit visit) {
  Attribute attribute;
  while (detail::next_attribute(payload, attribute)) visit(attribute);
}

}  // namespace overland::firewall
