#include "firewall/attributes.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace overland::firewall {
namespace {

std::uint64_t big_endian(Bytes data) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : data) value = value << 8U | byte;
  return value;
}

}  // namespace

bool detail::next_attribute(Bytes& rest, Attribute& attribute) {
  nlattr header = {};
  if (rest.size() < sizeof header) return false;
  std::memcpy(&header, rest.data(), sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > rest.size()) return false;
  attribute.type = static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK);
  attribute.data = rest.subspan(sizeof header, header.nla_len - sizeof header);
  const std::size_t padded = NLA_ALIGN(std::size_t{header.nla_len});
  rest = rest.subspan(std::min(padded, rest.size()));
  return true;
}

Bytes find_attribute(Bytes payload, std::uint16_t type) {
  Attribute attribute;
  while (detail::next_attribute(payload, attribute)) {
    if (attribute.type == type) return attribute.data;
  }
  return {};
}

std::string text_of(Bytes data) {
  const auto end = std::find(data.begin(), data.end(), std::uint8_t{0});
  return {data.begin(), end};
}

std::uint32_t number32_of(Bytes data) {
  return data.size() == 4 ? static_cast<std::uint32_t>(big_endian(data)) : 0;
}

std::uint64_t number64_of(Bytes data) { return data.size() == 8 ? big_endian(data) : 0; }

void put_bytes(std::vector<std::uint8_t>& message, std::uint16_t type, Bytes data) {
  nlattr header = {};
  header.nla_len = static_cast<std::uint16_t>(sizeof header + data.size());
  header.nla_type = type;
  const std::size_t start = message.size();
  message.resize(start + NLA_ALIGN(std::size_t{header.nla_len}), 0);
  std::memcpy(&message[start], &header, sizeof header);
  std::copy(data.begin(), data.end(),
            message.begin() + static_cast<std::ptrdiff_t>(start + sizeof header));
}

void put_text(std::vector<std::uint8_t>& message, std::uint16_t type, std::string_view text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.push_back(0);
  put_bytes(message, type, bytes);
}

}  // namespace overland::firewall
