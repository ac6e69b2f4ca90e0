#include "firewall/trace/match.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace overland::firewall::trace {
namespace {

/// Of a condition on nothing but the state.
Answer state_matches(Bytes info, bool tracked) {
  constexpr unsigned kNew = 1U << 3U;  // XT_CONNTRACK_STATE_BIT(IP_CT_NEW)
  xt_conntrack_mtinfo3 condition = {};
  if (info.size() < sizeof condition) return Answer::kMaybe;
  std::memcpy(&condition, info.data(), sizeof condition);
  if ((condition.match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE) {
    return Answer::kMaybe;
  }
  const bool listed = (condition.state_mask & (tracked ? kNew : XT_CONNTRACK_STATE_INVALID)) != 0;
  const bool inverted = (condition.invert_flags & XT_CONNTRACK_STATE) != 0;
  return listed != inverted ? Answer::kYes : Answer::kNo;
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

}  // namespace

Answer extension_matches(Bytes data, const PacketState& state) {
  constexpr std::array<std::string_view, 9> kProtocols = {
      "tcp", "udp", "udplite", "icmp", "sctp", "dccp", "multiport", "esp", "ah"};
  const std::string name = text_of(find_attribute(data, NFTA_MATCH_NAME));
  if (name == "comment") return Answer::kYes;
  if (std::find(kProtocols.begin(), kProtocols.end(), name) != kProtocols.end()) {
    return Answer::kOpen;
  }
  const std::uint32_t revision = number32_of(find_attribute(data, NFTA_MATCH_REV));
  const Bytes info = find_attribute(data, NFTA_MATCH_INFO);
  if (name == "conntrack" && revision == 3) return state_matches(info, state.tracked);
  if (name == "mark" && revision == 1) return mark_matches(info, state);
  return Answer::kMaybe;
}

bool goes_on(const std::string& name, Bytes data) {
  constexpr std::array<std::string_view, 10> kHarmless = {
      "counter", "log",    "notrack", "redir",    "dup",
      "fwd",     "tproxy", "last",    "synproxy", "flow_offload"};
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
