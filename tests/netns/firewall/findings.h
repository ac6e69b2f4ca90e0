#pragma once
// What findings of one severity say.

#include <string>
#include <vector>

#include "model/finding.h"

namespace overland::tests {

inline std::vector<std::string> sentences(const std::vector<model::Finding>& findings,
                                          model::Severity severity) {
  std::vector<std::string> result;
  for (const auto& one : findings) {
    if (one.severity == severity) result.push_back(one.sentence());
  }
  return result;
}

/// What certainly drops, and what may or could not be told.
inline std::vector<std::string> certain(const std::vector<model::Finding>& findings) {
  return sentences(findings, model::Severity::kConflict);
}
inline std::vector<std::string> untold(const std::vector<model::Finding>& findings) {
  return sentences(findings, model::Severity::kUntold);
}

}  // namespace overland::tests
