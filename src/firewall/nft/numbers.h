#pragma once
// Numbers that nf_tables keeps and only libnftables gives a meaning, the names of hooks, and where
// things lie in packets and registers.

#include <array>
#include <cstdint>

namespace overland::firewall::nft {

// NFTA_SET_KEY_TYPE, which nft(8) prints keys by: TYPE_IPADDR, TYPE_IFNAME of libnftables'
// datatype.h.
inline constexpr std::uint32_t kAddressType = 7;
inline constexpr std::uint32_t kLinkNameType = 41;

// In bytes: IFNAMSIZ of linux/if.h, struct iphdr of linux/ip.h.
inline constexpr std::uint32_t kLinkNameSize = 16;
inline constexpr std::uint32_t kSourceOffset = 12;
inline constexpr std::uint32_t kDestinationOffset = 16;

/// By number: NF_INET_PRE_ROUTING … NF_INET_POST_ROUTING of linux/netfilter.h.
inline constexpr std::array<const char*, 5> kHookNames = {"prerouting", "input", "forward",
                                                          "output", "postrouting"};

}  // namespace overland::firewall::nft
