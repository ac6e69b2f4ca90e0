#pragma once
// A keyed diff of two sorted lists: what to create, to change and to remove. One walk, O(n + m).

#include <vector>

#include "plan/step.h"

namespace overland::plan {

/// `key(item)` is the identity; both lists are sorted by it and have it once.
template <typename T, typename Key>
std::vector<Change<T>> keyed_diff(const std::vector<T>& actual, const std::vector<T>& desired,
                                  Key key) {
  std::vector<Change<T>> changes;
  auto have = actual.begin();
  auto want = desired.begin();
  while (have != actual.end() || want != desired.end()) {
    if (want == desired.end() || (have != actual.end() && key(*have) < key(*want))) {
      changes.push_back({*have++, std::nullopt});
    } else if (have == actual.end() || key(*want) < key(*have)) {
      changes.push_back({std::nullopt, *want++});
    } else {
      if (*have != *want) changes.push_back({*have, *want});
      ++have;
      ++want;
    }
  }
  return changes;
}

}  // namespace overland::plan
