#include "firewall/trace/target.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace overland::firewall::trace {
namespace {

using Word = std::array<std::uint8_t, sizeof(std::uint32_t)>;

Word word(std::uint32_t number) { return std::bit_cast<Word>(number); }

TraceBytes under(const TraceBytes& value, std::uint32_t mask) {
  return changed_bits(value, word(mask), word(0));
}

TraceBytes exclusive_or(TraceBytes a, const TraceBytes& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto known = static_cast<std::uint8_t>(a[i].known & b[i].known);
    a[i] = {static_cast<std::uint8_t>((a[i].value ^ b[i].value) & known), known,
            std::max(a[i].doubt, b[i].doubt)};
  }
  return a;
}

/// nullopt of a revision whose fields are not known.
template <typename Info>
std::optional<Info> info_of(Bytes data, std::uint32_t revision) {
  const Bytes bytes = find_attribute(data, NFTA_TARGET_INFO);
  Info info = {};
  if (number32_of(find_attribute(data, NFTA_TARGET_REV)) != revision ||
      bytes.size() < sizeof info) {
    return std::nullopt;
  }
  std::memcpy(&info, bytes.data(), sizeof info);
  return info;
}

TraceBytes marked(Bytes data, const TraceBytes& now) {
  const auto info = info_of<xt_mark_tginfo2>(data, 2);
  if (!info) return unknown_bytes(now.size(), Answer::kMaybe);
  return changed_bits(now, word(~info->mask), word(info->mark));
}

void connection_mark(Bytes data, Answer applies, PacketState& state) {
  auto info = info_of<xt_connmark_tginfo2>(data, 2);
  if (const auto older = info_of<xt_connmark_tginfo1>(data, 1)) {
    info = {older->ctmark, older->ctmask, older->nfmask, 0, 0, older->mode};
  }
  const bool known = info && info->shift_bits == 0;
  if (!known) info = {0, UINT32_MAX, UINT32_MAX, 0, 0, XT_CONNMARK_RESTORE};
  if (!state.tracked) return;
  const TraceBytes& from =
      known ? state.connection_mark : unknown_bytes(state.mark.size(), Answer::kMaybe);
  switch (info->mode) {
    case XT_CONNMARK_RESTORE:
      state.mark = either(state.mark,
                          exclusive_or(under(state.mark, ~info->nfmask), under(from, info->ctmask)),
                          applies);
      break;
    case XT_CONNMARK_SAVE:
      state.connection_mark = either(
          from, exclusive_or(under(from, ~info->ctmask), under(state.mark, info->nfmask)), applies);
      break;
    default:
      state.connection_mark =
          either(from, changed_bits(from, word(~info->ctmask), word(info->ctmark)), applies);
  }
}

template <std::size_t kCount>
bool among(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TargetDoes follow_target(Bytes data, Answer applies, PacketState& state) {
  // Of Linux and of xtables-addons.
  constexpr std::array<std::string_view, 4> kDrop = {"REJECT", "TARPIT", "DELUDE", "CHAOS"};
  constexpr std::array<std::string_view, 4> kTranslate = {"MASQUERADE", "SNAT", "NETMAP", "SAME"};
  constexpr std::array<std::string_view, 30> kGoOn = {
      "ACCOUNT",   "AUDIT",    "CHECKSUM", "CLASSIFY", "CONNSECMARK", "CT",
      "DNAT",      "DNETMAP",  "DSCP",     "ECN",      "HL",          "HMARK",
      "IDLETIMER", "IPMARK",   "LED",      "LOG",      "NFLOG",       "NOTRACK",
      "RATEEST",   "REDIRECT", "SECMARK",  "SET",      "TCPMSS",      "TCPOPTSTRIP",
      "TEE",       "TOS",      "TRACE",    "TTL",      "ULOG",        "CLUSTERIP"};
  const std::string name = text_of(find_attribute(data, NFTA_TARGET_NAME));
  if (name == "MARK") {
    state.mark = either(state.mark, marked(data, state.mark), applies);
    return TargetDoes::kGoesOn;
  }
  if (name == "CONNMARK") {
    connection_mark(data, applies, state);
    return TargetDoes::kGoesOn;
  }
  if (name == "HMARK" || name == "IPMARK") {
    state.mark = either(state.mark, unknown_bytes(state.mark.size(), Answer::kMaybe), applies);
  }
  if (among(kDrop, name)) return TargetDoes::kDrops;
  if (among(kTranslate, name)) return TargetDoes::kTranslates;
  return among(kGoOn, name) ? TargetDoes::kGoesOn : TargetDoes::kMayDrop;
}

}  // namespace overland::firewall::trace
