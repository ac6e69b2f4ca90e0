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
/// Of our unreachable routes: the kernel's last, so that any other route to the same prefix wins.
inline constexpr std::uint32_t kFallbackMetric = 0xffffffffU;
/// IFLA_IFALIAS of the VLAN links we made.
inline constexpr std::string_view kLinkAlias = "overland";
/// The label of the Docker networks we made; its value says how, as docker/network_spec.h writes
/// it.
inline constexpr std::string_view kNetworkLabel = "overland";
/// The nftables table (family ip) that is all ours.
inline constexpr std::string_view kNftTable = "overland";
/// All chains of ours in the tables Docker's rules live in begin so.
inline constexpr std::string_view kChainPrefix = "OVERLAND-";
/// The comment on every rule of ours in a table that is not ours.
inline constexpr std::string_view kRuleComment = "overland";

}  // namespace overland::model
