#pragma once
// Numbers that nf_tables keeps and only libnftables gives a meaning, and the names of hooks.

#include <array>
#include <cstdint>

namespace overland::firewall {

// NFTA_SET_KEY_TYPE, which nft(8) prints keys by: TYPE_IPADDR, TYPE_IFNAME of libnftables'
// datatype.h.
inline constexpr std::uint32_t kAddressType = 7;
inline constexpr std::uint32_t kLinkNameType = 41;

/// By number: NF_INET_PRE_ROUTING … NF_INET_POST_ROUTING of linux/netfilter.h.
inline constexpr std::array<const char*, 5> kHookNames = {"prerouting", "input", "forward",
                                                          "output", "postrouting"};

}  // namespace overland::firewall
