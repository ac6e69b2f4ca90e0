#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "firewall/iptc_entry.h"
#include "firewall/iptc_extensions.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

/// False where the mask is none of a whole name.
bool get_link(const char* link, const unsigned char* mask, std::string& name) {
  name.assign(link, ::strnlen(link, IFNAMSIZ));
  const std::size_t masked = name.empty() ? 0 : name.size() + 1;
  if (masked > IFNAMSIZ) return false;
  for (std::size_t i = 0; i < IFNAMSIZ; ++i) {
    if ((mask[i] != 0) != (i < masked)) return false;
  }
  return true;
}

bool get_prefix(const in_addr& address, const in_addr& mask, std::optional<model::Prefix>& prefix) {
  std::uint8_t length = 0;
  while (length < 32 && (ntohl(mask.s_addr) & (0x80000000U >> length)) != 0) ++length;
  if (mask_of(length).s_addr != mask.s_addr || (address.s_addr & ~mask.s_addr) != 0) return false;
  if (length > 0) prefix = model::Prefix(model::Address::from_ipv4(ntohl(address.s_addr)), length);
  return true;
}

/// Reads the info of a match or target into a value of its own: the bytes may be unaligned for it.
template <typename Info>
std::optional<Info> info_of(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Info)) return std::nullopt;
  Info info = {};
  std::memcpy(&info, bytes.data(), sizeof(info));
  return info;
}

template <typename Header>
std::string header_name(const Header& header) {
  return {header.u.user.name, ::strnlen(header.u.user.name, sizeof(header.u.user.name))};
}

bool decode_match(const std::string& name, std::uint8_t revision, std::span<const std::byte> bytes,
                  const SetNameOf& name_of, Rule& rule, bool& ours) {
  if (name == "comment" && revision == kCommentRevision) {
    const auto info = info_of<xt_comment_info>(bytes);
    ours =
        info && std::string_view(info->comment, ::strnlen(info->comment, sizeof(info->comment))) ==
                    model::kRuleComment;
    return ours;
  }
  if (name == "mark" && revision == kMarkMatchRevision) {
    const auto info = info_of<xt_mark_mtinfo1>(bytes);
    if (!info || info->invert != 0 || rule.mark) return false;
    rule.mark = MarkBits{info->mark, info->mask};
    return true;
  }
  if (name == "conntrack" && revision == kConntrackRevision) {
    const auto info = info_of<xt_conntrack_mtinfo3>(bytes);
    rule.replies = info && info->match_flags == XT_CONNTRACK_STATE && info->invert_flags == 0 &&
                   info->state_mask == kReplyStates;
    return rule.replies;
  }
  if (name == "set" && revision == kSetRevision) {
    const auto info = info_of<xt_set_info_match_v4>(bytes);
    if (!info || info->match_set.dim != IPSET_DIM_ONE || info->flags != 0 ||
        (info->match_set.flags & ~IPSET_DIM_ONE_SRC) != 0 || info->packets.op != 0 ||
        info->bytes.op != 0) {
      return false;
    }
    const bool source = info->match_set.flags == IPSET_DIM_ONE_SRC;
    rule.sets.push_back(
        {name_of(info->match_set.index), source ? SetField::kSource : SetField::kDestination});
    return true;
  }
  return false;
}

bool decode_target(const xt_entry_target& target, std::span<const std::byte> bytes,
                   const std::string& name, bool go, Target& result) {
  if (header_name(target).empty()) {  // the standard target
    if (name == IPTC_LABEL_ACCEPT || name == IPTC_LABEL_RETURN) {
      result.verdict = name == IPTC_LABEL_ACCEPT ? Verdict::kAccept : Verdict::kReturn;
      return !go;
    }
    result = {go ? Verdict::kGoto : Verdict::kJump, name, {}};
    return !name.empty() && name != IPTC_LABEL_DROP && name != IPTC_LABEL_QUEUE;
  }
  const std::uint8_t revision = target.u.user.revision;
  if (name == "MARK" && revision == kMarkTargetRevision) {
    const auto info = info_of<xt_mark_tginfo2>(bytes);
    if (!info) return false;
    result = {Verdict::kSetMark, {}, {info->mark, info->mask}};
    return true;
  }
  if (name == "CT" && revision == kCtRevision) {
    const auto info = info_of<xt_ct_target_info_v1>(bytes);
    result.verdict = Verdict::kNoTrack;
    return info && info->flags == XT_CT_NOTRACK;
  }
  if (name == "MASQUERADE" && revision == kMasqueradeRevision) {
    const auto info = info_of<nf_nat_ipv4_multi_range_compat>(bytes);
    result.verdict = Verdict::kMasquerade;
    return info && info->rangesize == 1 && info->range[0].flags == 0;
  }
  return false;
}

}  // namespace

std::optional<Rule> decode_entry(const ipt_entry& entry, const std::string& target,
                                 const SetNameOf& name_of) {
  Rule rule;
  if (entry.ip.invflags != 0 || entry.ip.proto != 0 || (entry.ip.flags & ~IPT_F_GOTO) != 0 ||
      !get_prefix(entry.ip.src, entry.ip.smsk, rule.source) ||
      !get_prefix(entry.ip.dst, entry.ip.dmsk, rule.destination) ||
      !get_link(entry.ip.iniface, entry.ip.iniface_mask, rule.in) ||
      !get_link(entry.ip.outiface, entry.ip.outiface_mask, rule.out)) {
    return std::nullopt;
  }
  const std::byte* base = reinterpret_cast<const std::byte*>(&entry);
  bool ours = false;
  for (std::size_t at = sizeof(ipt_entry); at < entry.target_offset;) {
    xt_entry_match header = {};
    std::memcpy(&header, base + at, sizeof(header));
    const std::size_t size = header.u.user.match_size;
    if (size < sizeof(header) || at + size > entry.target_offset ||
        !decode_match(header_name(header), header.u.user.revision,
                      {base + at + sizeof(header), size - sizeof(header)}, name_of, rule, ours)) {
      return std::nullopt;
    }
    at += size;
  }
  xt_entry_target header = {};
  std::memcpy(&header, base + entry.target_offset, sizeof(header));
  const std::size_t info = entry.target_offset + sizeof(header);
  if (!ours || entry.next_offset < info ||
      !decode_target(header, {base + info, entry.next_offset - info}, target,
                     (entry.ip.flags & IPT_F_GOTO) != 0, rule.target)) {
    return std::nullopt;
  }
  return rule;
}

}  // namespace overland::firewall::iptc
