#include "firewall/iptc_set_messages.h"

#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace overland::firewall::iptc {
namespace {

constexpr std::size_t kMessageSize = 32768;

/// The attributes of a set message, after the nfgenmsg.
template <std::size_t kSize>
bool parse(nlmsghdr* header, std::array<nlattr*, kSize>& attributes) {
  return nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), static_cast<int>(kSize) - 1,
                     nullptr) == 0;
}

template <std::size_t kSize>
bool parse(nlattr* nest, std::array<nlattr*, kSize>& attributes) {
  return nla_parse_nested(attributes.data(), static_cast<int>(kSize) - 1, nest, nullptr) == 0;
}

void read_element(nlattr* data, SetContents& set) {
  std::array<nlattr*, IPSET_ATTR_ADT_MAX + 1> element = {};
  std::array<nlattr*, IPSET_ATTR_IPADDR_MAX + 1> address = {};
  if (!parse(data, element) || element[IPSET_ATTR_IP] == nullptr ||
      !parse(element[IPSET_ATTR_IP], address) || address[IPSET_ATTR_IPADDR_IPV4] == nullptr) {
    set.plain = false;
    return;
  }
  // "nomatch": the element is an exception from a larger one.
  if (element[IPSET_ATTR_CADT_FLAGS] != nullptr) set.plain = false;
  const nlattr* length = element[IPSET_ATTR_CIDR];
  set.prefixes.emplace_back(
      model::Address::from_ipv4(ntohl(nla_get_u32(address[IPSET_ATTR_IPADDR_IPV4]))),
      length == nullptr ? std::uint8_t{32} : nla_get_u8(length));
}

}  // namespace

Message make_message(std::uint16_t kind, int flags) {
  Message message(nlmsg_alloc_size(kMessageSize));
  if (!message) throw base::Error(base::ErrorKind::kFailure, "out of memory", ENOMEM);
  const int type = NFNL_SUBSYS_IPSET << 8 | kind;
  nlmsghdr* header = nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, sizeof(nfgenmsg),
                               NLM_F_REQUEST | NLM_F_ACK | flags);
  nfgenmsg family = {};
  family.nfgen_family = AF_INET;
  std::memcpy(nlmsg_data(header), &family, sizeof(family));
  nla_put_u8(message.get(), IPSET_ATTR_PROTOCOL, kSetProtocol);
  return message;
}

nlattr* open_nest(const Message& message, int type) {
  return nla_nest_start(message.get(), type | NLA_F_NESTED);
}

void put_u32(const Message& message, int type, std::uint32_t value) {
  nla_put_u32(message.get(), type | NLA_F_NET_BYTEORDER, htonl(value));
}

void put_element(const Message& message, const model::Prefix& prefix) {
  nlattr* element = open_nest(message, IPSET_ATTR_DATA);
  nlattr* address = open_nest(message, IPSET_ATTR_IP);
  put_u32(message, IPSET_ATTR_IPADDR_IPV4, prefix.network().ipv4());
  nla_nest_end(message.get(), address);
  nla_put_u8(message.get(), IPSET_ATTR_CIDR, prefix.length());
  nla_nest_end(message.get(), element);
}

std::string read_set_name(nlmsghdr* header) {
  std::array<nlattr*, IPSET_ATTR_CMD_MAX + 1> attributes = {};
  if (!parse(header, attributes) || attributes[IPSET_ATTR_SETNAME] == nullptr) return {};
  return nla_get_string(attributes[IPSET_ATTR_SETNAME]);
}

void read_set(nlmsghdr* header, SetContents& set) {
  std::array<nlattr*, IPSET_ATTR_CMD_MAX + 1> attributes = {};
  if (!parse(header, attributes)) return;
  if (attributes[IPSET_ATTR_TYPENAME] != nullptr) {
    const nlattr* family = attributes[IPSET_ATTR_FAMILY];
    set.plain = nla_strcmp(attributes[IPSET_ATTR_TYPENAME], kSetType) == 0 && family != nullptr &&
                nla_get_u8(family) == AF_INET;
  }
  if (!set.plain || attributes[IPSET_ATTR_ADT] == nullptr) return;
  nlattr* list = attributes[IPSET_ATTR_ADT];
  int left = nla_len(list);
  for (auto* data = static_cast<nlattr*>(nla_data(list)); nla_ok(data, left) != 0;
       data = nla_next(data, &left)) {
    read_element(data, set);
  }
}

}  // namespace overland::firewall::iptc
