#pragma once
// The rules of table `ip overland` and of our anchors as values: what nft_rule.h reads,
// nft_rule_encode.h writes and nft/compare_table.h compares. Each rule has one form, so that rules
// that do the same are equal.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "firewall/nft_dump.h"

namespace overland::firewall {

enum class NftField : std::uint8_t { kMark, kState, kInLink, kOutLink, kSource, kDestination };

constexpr bool is_address(NftField field) {
  return field == NftField::kSource || field == NftField::kDestination;
}
constexpr bool is_link(NftField field) {
  return field == NftField::kInLink || field == NftField::kOutLink;
}

/// A named set of the same table.
struct NftSetName {
  std::string name;

  auto operator<=>(const NftSetName&) const = default;
};

/// Of a mark or of states (NF_CT_STATE_BIT of nf_conntrack_common.h) a number, of a link its name,
/// of an address sorted ranges: one is compared, more are an anonymous set.
using NftValue = std::variant<std::uint32_t, std::string, std::vector<NftRange>, NftSetName>;

/// The rule goes on where (field & mask) is, or with `negated` is not, `value` or among it.
struct NftMatch {
  NftField field = NftField::kMark;
  NftValue value;
  bool negated = false;
  std::uint32_t mask = UINT32_MAX;  // addresses in host order; for a link's name: all ones

  auto operator<=>(const NftMatch&) const = default;
};

/// mark = (mark & kept) ^ toggled
struct NftMarkChange {
  std::uint32_t kept = UINT32_MAX;
  std::uint32_t toggled = 0;

  auto operator<=>(const NftMarkChange&) const = default;
};

struct NftVerdict {
  static constexpr std::int32_t kAccept = 1;  // NF_ACCEPT of linux/netfilter.h
  static constexpr std::int32_t kJump = -3;   // NFT_JUMP of linux/netfilter/nf_tables.h

  std::int32_t code = kAccept;  // any of those headers
  std::string chain = {};       // to jump or go to

  auto operator<=>(const NftVerdict&) const = default;
};

enum class NftAction : std::uint8_t {
  kCounter,
  kNotrack,
  kKeepSource,  // source NAT to the source it has
  kMasquerade,
};

/// What we never write: a rule with it equals none of ours.
struct NftUnknown {
  std::string expression;  // the kernel's name for it

  auto operator<=>(const NftUnknown&) const = default;
};

using NftStatement = std::variant<NftMatch, NftMarkChange, NftVerdict, NftAction, NftUnknown>;
using NftStatements = std::vector<NftStatement>;

}  // namespace overland::firewall
