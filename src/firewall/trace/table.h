#pragma once
// A foreign table of nf_tables as the kernel keeps it: rules as expressions, sets and maps as
// elements. Read once, elements when they are first asked for. Whatever wrote the table, its kernel
// form is the same.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firewall/nft/socket.h"
#include "firewall/trace/bytes.h"

namespace overland::firewall::trace {

struct TraceRule {
  std::uint64_t handle = 0;
  std::vector<std::uint8_t> expressions;  // NFTA_RULE_EXPRESSIONS
};

/// One entry of a set or map: a key, or all keys from `first` to `last`.
struct TraceElement {
  std::vector<std::uint8_t> first;
  std::vector<std::uint8_t> last;
  bool by_field = false;           // a concatenation of ranges, each of whole 32-bit words
  bool catch_all = false;          // counts where no other does
  bool conditional = false;        // has a limit or the like of its own
  std::vector<std::uint8_t> data;  // NFTA_SET_ELEM_DATA; empty: none

  [[nodiscard]] Answer holds(const TraceBytes& key) const;
};

using Candidates = std::vector<std::pair<Answer, const TraceElement*>>;

/// Whether one of `elements` holds `key`; `candidates`: those that may, up to one that does for
/// certain.
Answer find_elements(const std::vector<TraceElement>& elements, const TraceBytes& key,
                     Candidates& candidates);

using TraceRules = std::map<std::string, std::vector<TraceRule>>;  // by chain

class TraceTable {
 public:
  /// Reads the rules. Throws what nft::Socket does.
  TraceTable(nft::Socket& socket, std::uint8_t family, std::string table);
  /// One without sets.
  explicit TraceTable(TraceRules rules) : rules_(std::move(rules)) {}

  /// In their order; empty where there is no such chain.
  [[nodiscard]] const std::vector<TraceRule>& rules(const std::string& chain) const;
  [[nodiscard]] const TraceRules& rules() const { return rules_; }
  /// The elements of a set or map; nullptr where there is none of that name.
  const std::vector<TraceElement>* elements(const std::string& set);

 private:
  nft::Socket* socket_ = nullptr;
  std::uint8_t family_ = 0;
  std::string table_;
  TraceRules rules_;
  std::map<std::string, std::uint32_t> sets_;                  // flags (NFT_SET_…) by name
  std::map<std::string, std::vector<TraceElement>> elements_;  // by set, those read so far
};

}  // namespace overland::firewall::trace
