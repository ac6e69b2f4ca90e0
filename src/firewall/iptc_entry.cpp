#include "firewall/iptc_entry.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/error.h"
#include "firewall/iptc_extensions.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

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

void put_prefix(const std::optional<model::Prefix>& prefix, in_addr& address, in_addr& mask) {
  if (!prefix) return;
  address.s_addr = htonl(prefix->network().ipv4());
  mask = mask_of(prefix->length());
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

}  // namespace overland::firewall::iptc
