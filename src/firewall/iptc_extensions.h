#pragma once
// The kernel's extensions our legacy rules use and their revisions, as net/netfilter/xt_*.c
// register them. Only for the two translations of a rule.

// First: the kernel's linux/if.h and friends before it do not compile.
#include <libiptc/libiptc.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_set.h>

#include <cstdint>

namespace overland::firewall::iptc {

inline constexpr std::uint8_t kCommentRevision = 0;
inline constexpr std::uint8_t kMarkMatchRevision = 1;
inline constexpr std::uint8_t kConntrackRevision = 3;
inline constexpr std::uint8_t kSetRevision = 4;
inline constexpr std::uint8_t kMarkTargetRevision = 2;
inline constexpr std::uint8_t kCtRevision = 2;
inline constexpr std::uint8_t kMasqueradeRevision = 0;

inline constexpr std::uint16_t kReplyStates =
    XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);

/// The netmask `length` bits long.
inline in_addr mask_of(std::uint8_t length) {
  return {htonl(length == 0 ? 0U : 0xffffffffU << (32U - length))};
}

}  // namespace overland::firewall::iptc
