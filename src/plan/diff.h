#pragma once
// A keyed diff of two sorted lists: what to create, to change and to remove. One walk, O(n + m).

#include <optional>
#include <vector>

#include "plan/step.h"

namespace overland::plan {

/// Calls `each` with every change. `key(item)` is the identity; both lists are sorted by it and
/// have it once.
template <typename T, typename Key, typename Each>
void keyed_diff(const std::vector<T>& actual, const std::vector<T>& desired, Key key, Each each) {
  auto have = actual.begin();
  auto want = desired.begin();
  while (have != actual.end() || want != desired.end()) {
    if (want == desired.end() || (have != actual.end() && key(*have) < key(*want))) {
      each(Change<T>{*have++, std::nullopt});
    } else if (have == actual.end() || key(*want) < key(*have)) {
      each(Change<T>{std::nullopt, *want++});
    } else {
      if (*have != *want) each(Change<T>{*have, *want});
      ++have;
      ++want;
    }
  }
}

}  // namespace overland::plan
