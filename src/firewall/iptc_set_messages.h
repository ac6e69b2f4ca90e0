#pragma once
// The words of the kernel's ipset protocol over nfnetlink, and the few we say. Only for iptc_sets.

#include <linux/netfilter/ipset/ip_set.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "firewall/iptc_snapshot.h"

namespace overland::firewall::iptc {

// What every kernel since 2.6.39 speaks; 7 adds nothing we need.
inline constexpr std::uint8_t kSetProtocol = IPSET_PROTOCOL_MIN;
inline constexpr const char* kSetType = "hash:net";
// An element takes 24 bytes, and a netlink attribute holds 64 KiB.
inline constexpr std::size_t kElementsPerMessage = 1000;

struct FreeMessage {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

/// A request with acknowledgement; `kind` is one of IPSET_CMD_*.
Message make_message(std::uint16_t kind, int flags);
nlattr* open_nest(const Message& message, int type);
/// In network order, as ipset wants its own numbers.
void put_u32(const Message& message, int type, std::uint32_t value);
void put_element(const Message& message, const model::Prefix& prefix);

/// The set a message of the kernel is about; empty where it names none.
std::string read_set_name(nlmsghdr* header);
/// Adds what one message of a listing says to `set`.
void read_set(nlmsghdr* header, SetContents& set);

}  // namespace overland::firewall::iptc
