#pragma once
// The marks by which we know our own things after a restart. Only what carries one is ever removed.

#include <cstdint>
#include <string_view>

namespace overland::model {

/// rtm_protocol of our routes (rtnetlink(7): above RTPROT_STATIC free for user space); named
/// `overland` by the rt_protos.d file we install.
inline constexpr std::uint8_t kRouteProtocol = 111;
/// Below the kernel's default of other daemons would be wrong either way: a foreign route to the
/// same prefix is reported. Ours lie in kMetricBase … kMetricBase + 255.
inline constexpr std::uint32_t kMetricBase = 11100;
/// IFLA_IFALIAS of the VLAN links we made.
inline constexpr std::string_view kLinkAlias = "overland";
/// The nftables table (family ip) that is all ours.
inline constexpr std::string_view kNftTable = "overland";
/// Our chains in the tables Docker's rules live in.
inline constexpr std::string_view kForwardChain = "OVERLAND-FORWARD";
inline constexpr std::string_view kRawChain = "OVERLAND-RAW";
inline constexpr std::string_view kNatChain = "OVERLAND-NAT";
/// All chains of ours in shared tables begin so.
inline constexpr std::string_view kChainPrefix = "OVERLAND-";
/// The comment on every rule of ours in a table that is not ours.
inline constexpr std::string_view kRuleComment = "overland";

}  // namespace overland::model
