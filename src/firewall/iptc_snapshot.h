#pragma once
// What of ours the legacy tables and the ipsets hold, as read: faithful, not judged.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firewall/iptc_rule.h"

namespace overland::firewall::iptc {

/// A jump or goto from a chain that is not ours into one that is.
struct Jump {
  std::string chain;
  std::size_t position = 0;  // 1 is the first rule
  std::string target;
  bool plain = false;  // carries our comment and no condition

  auto operator<=>(const Jump&) const = default;
};

struct TableSnapshot {
  /// Chains OVERLAND-*; nullopt: a rule that is not one of ours.
  std::map<std::string, std::vector<std::optional<Rule>>> chains;
  std::vector<Jump> jumps;

  auto operator<=>(const TableSnapshot&) const = default;
};

struct SetContents {
  bool plain = false;                   // a hash:net of IPv4 without exceptions
  std::vector<model::Prefix> prefixes;  // sorted

  auto operator<=>(const SetContents&) const = default;
};

struct Snapshot {
  std::map<Table, TableSnapshot> tables;    // only those the kernel has made
  std::map<std::string, SetContents> sets;  // by name: overland-*

  auto operator<=>(const Snapshot&) const = default;
};

}  // namespace overland::firewall::iptc
