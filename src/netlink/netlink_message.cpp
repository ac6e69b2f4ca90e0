#include "netlink/netlink_message.h"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace overland::netlink {

void MessageBuffer::start(std::uint16_t type, unsigned flags) {
  message_ = bytes_.size();
  nlmsghdr header = {};
  header.nlmsg_len = sizeof(header);
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  const auto* data = reinterpret_cast<const std::uint8_t*>(&header);
  bytes_.insert(bytes_.end(), data, data + sizeof(header));
}

void MessageBuffer::append_message(const nlmsghdr& message) {
  message_ = bytes_.size();
  const auto* data = reinterpret_cast<const std::uint8_t*>(&message);
  bytes_.insert(bytes_.end(), data, data + message.nlmsg_len);
  bytes_.resize(message_ + static_cast<std::size_t>(NLMSG_ALIGN(message.nlmsg_len)));
  nlmsghdr header = message;
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | NLM_F_REQUEST);
  std::memcpy(at(message_), &header, sizeof(header));
}

void MessageBuffer::grow_message() {
  const auto length = static_cast<std::uint32_t>(bytes_.size() - message_);
  std::memcpy(at(message_ + offsetof(nlmsghdr, nlmsg_len)), &length, sizeof(length));
}

void MessageBuffer::finish(std::uint32_t sequence, unsigned flags) {
  nlmsghdr header = {};
  std::memcpy(&header, at(message_), sizeof(header));
  header.nlmsg_seq = sequence;
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  std::memcpy(at(message_), &header, sizeof(header));
}

std::size_t MessageBuffer::append(const void* data, std::size_t size) {
  const std::size_t place = bytes_.size();
  bytes_.resize(place + static_cast<std::size_t>(NLMSG_ALIGN(size)));
  std::memcpy(at(place), data, size);
  grow_message();
  return place;
}

void MessageBuffer::put(int type, const void* data, std::size_t size) {
  const std::size_t place = bytes_.size();
  bytes_.resize(place + NLA_HDRLEN + static_cast<std::size_t>(NLA_ALIGN(size)));
  const nlattr header = {static_cast<std::uint16_t>(NLA_HDRLEN + size),
                         static_cast<std::uint16_t>(type)};
  std::memcpy(at(place), &header, sizeof(header));
  if (size > 0) std::memcpy(at(place + NLA_HDRLEN), data, size);  // an empty span has no place
  grow_message();
}

void MessageBuffer::put_bytes(int type, std::span<const std::uint8_t> value) {
  put(type, value.data(), value.size());
}

std::size_t MessageBuffer::open(int type) {
  const nlattr header = {NLA_HDRLEN, static_cast<std::uint16_t>(type)};
  return append(&header, sizeof(header));
}

void MessageBuffer::close(std::size_t start) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - start);
  std::memcpy(at(start + offsetof(nlattr, nla_len)), &length, sizeof(length));
}

Refusal read_refusal(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return {EBADMSG, ""};
  const auto* header = const_cast<nlmsghdr*>(&message);
  const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(header));
  // The kernel says 0 or a negative errno; the lowest number has no counterpart.
  if (error->error > 0 || error->error == std::numeric_limits<int>::min()) return {EBADMSG, ""};
  Refusal refusal = {-error->error, ""};
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return refusal;
  // Our sockets set NETLINK_CAP_ACK; a kernel without it echoes the whole request first.
  const bool capped = (message.nlmsg_flags & NLM_F_CAPPED) != 0;
  const std::size_t request = capped ? sizeof(nlmsghdr) : error->msg.nlmsg_len;
  if (request < sizeof(nlmsghdr) || request > message.nlmsg_len) return refusal;
  const auto fixed = static_cast<std::size_t>(NLMSG_ALIGN(sizeof(int) + request));
  std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes = {};
  if (nlmsg_parse(const_cast<nlmsghdr*>(&message), static_cast<int>(fixed), attributes.data(),
                  NLMSGERR_ATTR_MAX, nullptr) == 0) {
    refusal.text = read_text(attributes[NLMSGERR_ATTR_MSG]);
  }
  return refusal;
}

base::Error refusal_error(const std::string& what, const Refusal& refusal) {
  auto kind = base::ErrorKind::kFailure;
  if (refusal.error == EPERM || refusal.error == EACCES) kind = base::ErrorKind::kPrivilege;
  if (refusal.error == EOPNOTSUPP || refusal.error == EPROTONOSUPPORT)
    kind = base::ErrorKind::kUnsupported;
  const std::string text = refusal.text.empty() ? "" : " (" + refusal.text + ")";
  return {kind, what + ": " + base::errno_text(refusal.error) + text, refusal.error};
}

std::optional<model::Address> read_address(const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const int size = nla_len(attribute);
  if (size != 4 && size != 16) return std::nullopt;
  return model::Address::from_bytes(
      {static_cast<const std::uint8_t*>(nla_data(attribute)), static_cast<std::size_t>(size)});
}

std::uint32_t read_u32(const nlattr* attribute, std::uint32_t otherwise) {
  if (attribute == nullptr || nla_len(attribute) < 4) return otherwise;
  return nla_get_u32(attribute);
}

std::uint16_t read_u16(const nlattr* attribute, std::uint16_t otherwise) {
  if (attribute == nullptr || nla_len(attribute) < 2) return otherwise;
  return nla_get_u16(attribute);
}

std::string_view read_text(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const auto* text = static_cast<const char*>(nla_data(attribute));
  return {text, ::strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

}  // namespace overland::netlink
