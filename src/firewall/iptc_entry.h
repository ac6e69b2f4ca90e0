#pragma once
// Rules of ours to and from the kernel's struct ipt_entry. What decode() does not understand to the
// last bit is not one of our rules.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/iptc_rule.h"

struct ipt_entry;

namespace overland::firewall::iptc {

/// A zeroed buffer of struct ipt_entry with its matches and target, as libiptc takes it.
class Entry {
 public:
  explicit Entry(std::size_t size) : words_((size + 7) / 8) {}
  [[nodiscard]] std::byte* data() { return reinterpret_cast<std::byte*>(words_.data()); }
  [[nodiscard]] const ipt_entry* get() const {
    return reinterpret_cast<const ipt_entry*>(words_.data());
  }

 private:
  std::vector<std::uint64_t> words_;  // the kernel wants 8-byte alignment
};

using SetIndexOf = std::function<std::uint16_t(const std::string& name)>;
using SetNameOf = std::function<std::string(std::uint16_t index)>;

Entry encode_entry(const Rule& rule, const SetIndexOf& index_of);

/// `target` is what iptc_get_target() says of it. nullopt: not one of our rules, or changed.
std::optional<Rule> decode_entry(const ipt_entry& entry, const std::string& target,
                                 const SetNameOf& name_of);

}  // namespace overland::firewall::iptc
