#pragma once
// Hosts by name, for what refers to them. Holds a reference to the draft.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "inventory/draft.h"

namespace overland::inventory {

class HostIndex {
 public:
  explicit HostIndex(const Draft& draft);

  /// Upper and lower case are the same; of two hosts of one name the first.
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;
  /// Whether every host's name was read: what is not found is wrong then.
  [[nodiscard]] bool complete() const { return complete_; }
  /// A remedy for a name that is not found. Comparing each wrong name with every host must not take
  /// long in any file: large ones, and those of many faults, get a general one.
  [[nodiscard]] std::string remedy(std::string_view name);

 private:
  const Draft& draft_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::size_t asked_ = 0;
  bool complete_;
};

}  // namespace overland::inventory
