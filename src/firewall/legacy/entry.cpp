#include "firewall/legacy/entry.h"

// First: the kernel's linux/if.h and friends before it do not compile.
#include <libiptc/libiptc.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_mark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "base/error.h"
#include "model/ownership.h"

namespace overland::firewall::legacy {
namespace {

constexpr std::uint8_t kCommentRevision = 0;
constexpr std::uint8_t kMarkRevision = 1;

/// The bytes of one match or target: header, info, padding.
using Block = std::vector<std::byte>;

template <typename Info>
Block block(std::string_view name, std::uint8_t revision, const Info& info) {
  static_assert(sizeof(xt_entry_match) == sizeof(xt_entry_target));
  xt_entry_match header = {};
  Block bytes(sizeof(header) + XT_ALIGN(sizeof(Info)));
  header.u.user.match_size = static_cast<std::uint16_t>(bytes.size());
  name.copy(header.u.user.name, sizeof(header.u.user.name) - 1);
  header.u.user.revision = revision;
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &info, sizeof(info));
  return bytes;
}

Block comment() {
  xt_comment_info info = {};
  model::kRuleComment.copy(info.comment, sizeof(info.comment) - 1);
  return block("comment", kCommentRevision, info);
}

template <std::size_t kSize>
std::string_view text(const char (&field)[kSize]) {
  return {field, ::strnlen(field, kSize)};
}

/// The info of a match or target as a value of its own: the bytes may be unaligned for it.
template <typename Info>
Info info_of(std::span<const std::byte> bytes) {
  Info info = {};
  std::memcpy(&info, bytes.data(), std::min(sizeof(info), bytes.size()));
  return info;
}

/// What the matches of a rule amount to.
struct Conditions {
  bool any = false;  // a match that is no comment
  bool comment = false;
  std::optional<std::uint32_t> mark;  // this bit is asked for, and no other
  std::size_t count = 0;
};

Conditions conditions_of(const ipt_entry& entry) {
  Conditions found;
  const auto* base = reinterpret_cast<const std::byte*>(&entry);
  for (std::size_t at = sizeof(ipt_entry); at < entry.target_offset; ++found.count) {
    const auto header = info_of<xt_entry_match>({base + at, sizeof(xt_entry_match)});
    const std::size_t size = header.u.user.match_size;
    if (size < sizeof(header) || at + size > entry.target_offset) {
      found.any = true;
      return found;
    }
    const std::span info(base + at + sizeof(header), size - sizeof(header));
    const std::string_view name = text(header.u.user.name);
    if (name == "comment" && header.u.user.revision == kCommentRevision) {
      const auto said = info_of<xt_comment_info>(info);
      found.comment = text(said.comment) == model::kRuleComment;
    } else {
      found.any = true;
    }
    if (name == "mark" && header.u.user.revision == kMarkRevision) {
      const auto mark = info_of<xt_mark_mtinfo1>(info);
      if (mark.mark == mark.mask && mark.invert == 0) found.mark = mark.mark;
    }
    at += size;
  }
  return found;
}

/// Neither addresses nor links nor a protocol, goto aside.
bool for_any_packet(const ipt_ip& ip) {
  ipt_ip bare = ip;
  bare.flags &= static_cast<std::uint8_t>(~IPT_F_GOTO);
  // What stands behind the name of a link nobody asks for means nothing.
  std::memset(bare.iniface, 0, sizeof(bare.iniface));
  std::memset(bare.outiface, 0, sizeof(bare.outiface));
  constexpr ipt_ip kNone = {};
  return std::memcmp(&bare, &kNone, sizeof(bare)) == 0;
}

/// The standard target has no name; all others are extensions.
bool is_extension(const ipt_entry& entry) {
  const auto* base = reinterpret_cast<const std::byte*>(&entry);
  const auto target =
      info_of<xt_entry_target>({base + entry.target_offset, sizeof(xt_entry_target)});
  return target.u.user.name[0] != '\0';
}

}  // namespace

Entry::Entry(const std::vector<std::vector<std::byte>>& matches, const std::string& target) {
  if (target.size() >= XT_EXTENSION_MAXNAMELEN) {
    throw base::Error(base::ErrorKind::kInvalid, "chain name " + target + " is too long");
  }
  std::vector<Block> blocks = matches;
  blocks.push_back(comment());
  // libiptc finds out by the name what the verdict is, and fills it in.
  const Block verdict = block(target, 0, int{0});
  ipt_entry head = {};
  std::size_t size = sizeof(head);
  for (const Block& one : blocks) size += one.size();
  head.target_offset = static_cast<std::uint16_t>(size);
  head.next_offset = static_cast<std::uint16_t>(size + verdict.size());
  blocks.push_back(verdict);

  words_.resize((head.next_offset + 7U) / 8U);
  auto* at = reinterpret_cast<std::byte*>(words_.data());
  std::memcpy(at, &head, sizeof(head));
  at += sizeof(head);
  for (const Block& one : blocks) at = std::copy(one.begin(), one.end(), at);
}

Entry Entry::jump(const std::string& target) { return {{}, target}; }

Entry Entry::of(const MarkRule& rule) {
  const xt_mark_mtinfo1 info = {rule.mark, rule.mark, 0};
  return {{block("mark", kMarkRevision, info)}, rule.jump.empty() ? IPTC_LABEL_ACCEPT : rule.jump};
}

Rule read_entry(const ipt_entry& entry, const std::string& target) {
  constexpr std::array<std::string_view, 5> kVerdicts = {"", IPTC_LABEL_ACCEPT, IPTC_LABEL_DROP,
                                                         IPTC_LABEL_QUEUE, IPTC_LABEL_RETURN};
  const Conditions conditions = conditions_of(entry);
  const bool any_packet = for_any_packet(entry.ip);
  Rule rule;
  rule.plain = any_packet && !conditions.any;
  rule.goes = (entry.ip.flags & IPT_F_GOTO) != 0;
  if (is_extension(entry)) return rule;
  rule.returns = target == IPTC_LABEL_RETURN;
  rule.decides = target == IPTC_LABEL_ACCEPT || target == IPTC_LABEL_DROP || target == "REJECT";
  if (std::ranges::find(kVerdicts, target) == kVerdicts.end()) rule.target = target;
  const bool verdict = target == IPTC_LABEL_ACCEPT || !rule.target.empty();
  const bool bare = any_packet && !rule.goes && conditions.count == 2 && conditions.comment;
  if (verdict && bare && conditions.mark) rule.ours = MarkRule{*conditions.mark, rule.target};
  return rule;
}

}  // namespace overland::firewall::legacy
