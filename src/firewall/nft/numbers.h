#pragma once
// Numbers that nf_tables keeps and only libnftables gives a meaning, the names of hooks, and where
// things lie in packets and registers.

#include <linux/netfilter/nf_tables.h>

#include <array>
#include <cstdint>

namespace overland::firewall::nft {

/// "fib daddr . iif oif present", as nft(8) has it.
inline constexpr std::uint32_t kRouteBack = NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT;
inline constexpr std::uint32_t kSourceBack = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT;

// NFTA_SET_KEY_TYPE, which nft(8) prints keys by: TYPE_INTEGER, TYPE_IPADDR, TYPE_IFNAME of
// libnftables' datatype.h.
inline constexpr std::uint32_t kIntegerType = 4;
inline constexpr std::uint32_t kAddressType = 7;
inline constexpr std::uint32_t kLinkNameType = 41;

/// A type made of two: TYPE_BITS of libnftables' datatype.h is the shift.
inline constexpr std::uint32_t kSenderKeyType = kLinkNameType << 6U | kAddressType;
inline constexpr std::uint32_t kPairKeyType = kAddressType << 6U | kIntegerType;

// In bytes: IFNAMSIZ of linux/if.h, struct iphdr of linux/ip.h.
inline constexpr std::uint32_t kLinkNameSize = 16;
inline constexpr std::uint32_t kSenderSize = kLinkNameSize + 4;
inline constexpr std::uint32_t kPairSize = 8;
inline constexpr std::uint32_t kSourceOffset = 12;
inline constexpr std::uint32_t kDestinationOffset = 16;
// Of RFC 826 for Ethernet and IPv4.
inline constexpr std::uint32_t kArpKindOffset = 4;
inline constexpr std::uint32_t kArpSourceOffset = 14;
inline constexpr std::uint32_t kArpTargetOffset = 24;
// From the UDP header of a VXLAN packet: 8 bytes of it, 8 of VXLAN's (RFC 7348), 14 of Ethernet's.
inline constexpr std::uint32_t kPortOffset = 2;
inline constexpr std::uint32_t kVniOffset = 12;
inline constexpr std::uint32_t kInnerKindOffset = 28;
inline constexpr std::uint32_t kInnerSourceOffset = 30 + kSourceOffset;
// From the ICMP header of an error (RFC 792): 8 bytes, and the header and the first 8 bytes of what
// it is about.
inline constexpr std::uint32_t kIcmpErrorOffset = 0;
inline constexpr std::uint32_t kQuotedHeadOffset = 8;
inline constexpr std::uint32_t kQuotedTransportOffset = 8 + 9;
inline constexpr std::uint32_t kQuotedKindOffset = 8 + 20;
inline constexpr std::uint32_t kQuotedPortOffset = 8 + 20 + 2;

/// By number: NF_INET_PRE_ROUTING … NF_INET_POST_ROUTING of linux/netfilter.h.
inline constexpr std::array<const char*, 5> kHookNames = {"prerouting", "input", "forward",
                                                          "output", "postrouting"};

}  // namespace overland::firewall::nft
