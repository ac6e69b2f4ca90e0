#include "firewall/trace/match.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_tcpudp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace overland::firewall::trace {
namespace {

/// Of a condition on nothing but the state, whose lower bits are those of nf_tables.
Answer state_matches(Bytes info, std::uint32_t state) {
  static_assert(XT_CONNTRACK_STATE_INVALID == 1);
  xt_conntrack_mtinfo3 condition = {};
  if (info.size() < sizeof condition) return Answer::kMaybe;
  std::memcpy(&condition, info.data(), sizeof condition);
  if ((condition.match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE) {
    return Answer::kMaybe;
  }
  constexpr std::uint32_t kUntracked = 64;  // NF_CT_STATE_UNTRACKED_BIT
  if (state == kUntracked) state = XT_CONNTRACK_STATE_UNTRACKED;
  const bool listed = (condition.state_mask & state) != 0;
  const bool inverted = (condition.invert_flags & XT_CONNTRACK_STATE) != 0;
  return listed != inverted ? Answer::kYes : Answer::kNo;
}

/// Whether a source port is one of first..last: it is of the kernel's default range.
Answer source_is(std::uint16_t first, std::uint16_t last) {
  constexpr std::uint16_t kLeastSource = 32768;  // net.ipv4.ip_local_port_range
  if (last < kLeastSource) return Answer::kNo;
  return first <= kLeastSource && last == UINT16_MAX ? Answer::kYes : Answer::kOpen;
}

/// The protocol is asked for beside it; in multiport_matches(), too.
Answer udp_matches(Bytes info, std::uint16_t port) {
  xt_udp asked = {};
  if (info.size() < sizeof asked) return Answer::kMaybe;
  std::memcpy(&asked, info.data(), sizeof asked);
  Answer source = source_is(asked.spts[0], asked.spts[1]);
  if ((asked.invflags & XT_UDP_INV_SRCPT) != 0) source = opposite(source);
  const bool in = asked.dpts[0] <= port && port <= asked.dpts[1];
  const bool inverted = (asked.invflags & XT_UDP_INV_DSTPT) != 0;
  return in == inverted ? Answer::kNo : source;
}

/// As the kernel's multiport_mt: of a list of ports and ranges.
Answer multiport_matches(Bytes info, std::uint16_t port) {
  xt_multiport_v1 asked = {};
  if (info.size() < sizeof asked) return Answer::kMaybe;
  std::memcpy(&asked, info.data(), sizeof asked);
  Answer listed = Answer::kNo;
  for (std::size_t i = 0; i < asked.count && i < XT_MULTI_PORTS; ++i) {
    const std::uint16_t first = asked.ports[i];
    if (asked.pflags[i] != 0 && i + 1 < XT_MULTI_PORTS) ++i;  // a range: its end is the next
    const std::uint16_t last = asked.ports[i];
    const bool is_destination = first <= port && port <= last;
    Answer one = Answer::kNo;
    if (asked.flags != XT_MULTIPORT_DESTINATION) one = source_is(first, last);
    if (asked.flags != XT_MULTIPORT_SOURCE && is_destination) one = Answer::kYes;
    if (one == Answer::kYes || listed == Answer::kNo) listed = one;
    if (listed == Answer::kYes) break;
  }
  return asked.invert != 0 ? opposite(listed) : listed;
}

Answer mark_matches(Bytes info, const PacketState& state) {
  xt_mark_mtinfo1 asked = {};
  if (info.size() < sizeof asked) return Answer::kMaybe;
  std::memcpy(&asked, info.data(), sizeof asked);
  const auto bytes = [](std::uint32_t number) {
    return std::bit_cast<std::array<std::uint8_t, sizeof number>>(number);
  };
  const Answer answer =
      equals(changed_bits(state.mark, bytes(asked.mask), bytes(0)), bytes(asked.mark));
  return asked.invert != 0 ? opposite(answer) : answer;
}

/// Of a packet that no socket has sent: as the kernel's owner_mt.
Answer owner_matches(Bytes info) {
  xt_owner_match_info asked = {};
  if (info.size() < sizeof asked) return Answer::kMaybe;
  std::memcpy(&asked, info.data(), sizeof asked);
  return asked.match == asked.invert ? Answer::kYes : Answer::kNo;
}

}  // namespace

Answer extension_matches(Bytes data, const PacketState& state) {
  constexpr std::array<std::string_view, 9> kProtocols = {
      "tcp", "udp", "udplite", "icmp", "sctp", "dccp", "multiport", "esp", "ah"};
  const std::string name = text_of(find_attribute(data, NFTA_MATCH_NAME));
  if (name == "comment") return Answer::kYes;
  const std::uint32_t revision = number32_of(find_attribute(data, NFTA_MATCH_REV));
  const Bytes info = find_attribute(data, NFTA_MATCH_INFO);
  if (state.packet.outer != 0) {
    if (name == "udp" && revision == 0) return udp_matches(info, state.packet.outer);
    if (name == "multiport" && revision == 1) return multiport_matches(info, state.packet.outer);
    if (name == "owner" && revision == 1) return owner_matches(info);
  }
  if (std::find(kProtocols.begin(), kProtocols.end(), name) != kProtocols.end()) {
    return Answer::kOpen;
  }
  if (name == "conntrack" && revision == 3) return state_matches(info, connection_state(state));
  if (name == "mark" && revision == 1) return mark_matches(info, state);
  return Answer::kMaybe;
}

bool goes_on(const std::string& name, Bytes data) {
  constexpr std::array<std::string_view, 9> kHarmless = {
      "counter", "log", "notrack", "redir", "dup", "tproxy", "last", "synproxy", "flow_offload"};
  if (std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end()) return true;
  if (name == "objref") {
    constexpr std::array<std::uint32_t, 3> kConditions = {NFT_OBJECT_QUOTA, NFT_OBJECT_LIMIT,
                                                          NFT_OBJECT_CONNLIMIT};
    const std::uint32_t type = number32_of(find_attribute(data, NFTA_OBJREF_IMM_TYPE));
    return type != 0 &&
           std::find(kConditions.begin(), kConditions.end(), type) == kConditions.end();
  }
  return name == "dynset" && find_attribute(data, NFTA_DYNSET_EXPR).empty() &&
         find_attribute(data, NFTA_DYNSET_EXPRESSIONS).empty();
}

}  // namespace overland::firewall::trace
