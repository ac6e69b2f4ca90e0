#include "firewall/iptc_entry.h"

// First: the kernel's linux/if.h and friends before it do not compile.
#include <libiptc/libiptc.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_set.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

// Extension revisions, as the kernel registers them in net/netfilter/xt_*.c.
constexpr std::uint8_t kCommentRevision = 0;
constexpr std::uint8_t kMarkMatchRevision = 1;
constexpr std::uint8_t kConntrackRevision = 3;
constexpr std::uint8_t kSetRevision = 4;
constexpr std::uint8_t kMarkTargetRevision = 2;
constexpr std::uint8_t kCtRevision = 2;
constexpr std::uint8_t kMasqueradeRevision = 0;

constexpr std::uint16_t kReplyStates =
    XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);

/// The bytes of one match or target: header, info, padding.
using Block = std::vector<std::byte>;

template <typename Info>
Block block(const char* name, std::uint8_t revision, const Info& info) {
  static_assert(std::is_trivially_copyable_v<Info>);
  static_assert(sizeof(xt_entry_match) == sizeof(xt_entry_target));
  xt_entry_match header = {};
  Block bytes(sizeof(header) + XT_ALIGN(sizeof(Info)));
  header.u.user.match_size = static_cast<std::uint16_t>(bytes.size());
  std::strncpy(header.u.user.name, name, sizeof(header.u.user.name) - 1);
  header.u.user.revision = revision;
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &info, sizeof(info));
  return bytes;
}

/// A verdict, a jump or a goto: libiptc finds out by the name which it is.
Block standard(const std::string& name) {
  if (name.size() >= XT_EXTENSION_MAXNAMELEN) {
    throw base::Error(base::ErrorKind::kInvalid, "chain name " + name + " is too long");
  }
  const int verdict = 0;  // libiptc fills it in
  return block(name.c_str(), 0, verdict);
}

Block comment_match() {
  xt_comment_info info = {};
  model::kRuleComment.copy(info.comment, sizeof(info.comment) - 1);
  return block("comment", kCommentRevision, info);
}

Block set_match(const SetMatch& set, const SetIndexOf& index_of) {
  xt_set_info_match_v4 info = {};
  info.match_set.index = index_of(set.name);
  info.match_set.dim = IPSET_DIM_ONE;
  // IPSET_SRC of the older revisions would silently mean "not destination" here.
  info.match_set.flags = set.field == SetField::kSource ? IPSET_DIM_ONE_SRC : 0;
  return block("set", kSetRevision, info);
}

Block replies_match() {
  xt_conntrack_mtinfo3 info = {};
  info.match_flags = XT_CONNTRACK_STATE;
  info.state_mask = kReplyStates;
  return block("conntrack", kConntrackRevision, info);
}

Block target_block(const Target& target) {
  switch (target.verdict) {
    case Verdict::kAccept:
      return standard(IPTC_LABEL_ACCEPT);
    case Verdict::kReturn:
      return standard(IPTC_LABEL_RETURN);
    case Verdict::kJump:
    case Verdict::kGoto:
      return standard(target.chain);
    case Verdict::kSetMark: {
      const xt_mark_tginfo2 info = {target.bits.value, target.bits.mask};
      return block("MARK", kMarkTargetRevision, info);
    }
    case Verdict::kNoTrack: {
      xt_ct_target_info_v1 info = {};
      info.flags = XT_CT_NOTRACK;
      return block("CT", kCtRevision, info);
    }
    case Verdict::kMasquerade:
      break;
  }
  nf_nat_ipv4_multi_range_compat info = {};
  info.rangesize = 1;
  return block("MASQUERADE", kMasqueradeRevision, info);
}

std::vector<Block> match_blocks(const Rule& rule, const SetIndexOf& index_of) {
  std::vector<Block> blocks;
  if (rule.mark) {
    const xt_mark_mtinfo1 info = {rule.mark->mask == 0 ? 0U : rule.mark->value, rule.mark->mask, 0};
    blocks.push_back(block("mark", kMarkMatchRevision, info));
  }
  if (rule.replies) blocks.push_back(replies_match());
  for (const SetMatch& set : rule.sets) blocks.push_back(set_match(set, index_of));
  blocks.push_back(comment_match());
  return blocks;
}

void put_link(const std::string& name, char* link, unsigned char* mask) {
  if (name.empty()) return;
  if (name.size() >= IFNAMSIZ) {
    throw base::Error(base::ErrorKind::kInvalid, "link name " + name + " is too long");
  }
  name.copy(link, name.size());
  // With its terminating null, or "eth1" would match eth10 as well.
  std::fill_n(mask, name.size() + 1, static_cast<unsigned char>(0xff));
}

in_addr mask_of(std::uint8_t length) {
  return {htonl(length == 0 ? 0U : 0xffffffffU << (32U - length))};
}

void put_prefix(const std::optional<model::Prefix>& prefix, in_addr& address, in_addr& mask) {
  if (!prefix) return;
  address.s_addr = htonl(prefix->network().ipv4());
  mask = mask_of(prefix->length());
}

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

Entry encode_entry(const Rule& rule, const SetIndexOf& index_of) {
  std::vector<Block> blocks = match_blocks(rule, index_of);
  std::size_t target_offset = sizeof(ipt_entry);
  for (const Block& match : blocks) target_offset += match.size();
  blocks.push_back(target_block(rule.target));
  const std::size_t size = target_offset + blocks.back().size();

  ipt_entry head = {};
  put_prefix(rule.source, head.ip.src, head.ip.smsk);
  put_prefix(rule.destination, head.ip.dst, head.ip.dmsk);
  put_link(rule.in, head.ip.iniface, head.ip.iniface_mask);
  put_link(rule.out, head.ip.outiface, head.ip.outiface_mask);
  if (rule.target.verdict == Verdict::kGoto) head.ip.flags |= IPT_F_GOTO;
  head.target_offset = static_cast<std::uint16_t>(target_offset);
  head.next_offset = static_cast<std::uint16_t>(size);

  Entry entry(size);
  std::byte* at = entry.data();
  std::memcpy(at, &head, sizeof(head));
  at += sizeof(head);
  for (const Block& bytes : blocks) {
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  return entry;
}

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
