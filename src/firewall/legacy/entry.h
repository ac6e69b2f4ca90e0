#pragma once
// The two rules we write into legacy tables, and what is to be known of any rule, as the kernel's
// struct ipt_entry. Revisions of the extensions: net/netfilter/xt_mark.c, xt_comment.c.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/legacy/table.h"

struct ipt_entry;

namespace overland::firewall::legacy {

/// A zeroed buffer of struct ipt_entry with its matches and target, as libiptc takes it.
class Entry {
 public:
  /// -m comment --comment overland -j `target`
  static Entry jump(const std::string& target);
  /// -m mark --mark `mark`/`mark` -m comment --comment overland -j ACCEPT, or the chain
  static Entry of(const MarkRule& rule);

  [[nodiscard]] const ipt_entry* get() const {
    return reinterpret_cast<const ipt_entry*>(words_.data());
  }

 private:
  Entry(const std::vector<std::vector<std::byte>>& matches, const std::string& target);

  std::vector<std::uint64_t> words_;  // the kernel wants 8-byte alignment
};

/// `target` is what iptc_get_target() says of it.
Rule read_entry(const ipt_entry& entry, const std::string& target);

}  // namespace overland::firewall::legacy
