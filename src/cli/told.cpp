#include "cli/told.h"

#include <algorithm>

#include "cli/prometheus.h"

namespace overland::cli {

std::vector<model::Finding> news(const std::vector<model::Finding>& findings,
                                 std::vector<std::string>& told) {
  constexpr std::size_t kMost = 1000;  // of 19 bytes each: well within the file's limit
  std::vector<std::string> now;
  std::vector<model::Finding> fresh;
  for (const auto& finding : findings) {
    const auto hash = content_hash(finding.resource + ": " + finding.sentence());
    if (std::find(told.begin(), told.end(), hash) == told.end()) fresh.push_back(finding);
    if (now.size() < kMost) now.push_back(hash);
  }
  told = std::move(now);
  return fresh;
}

}  // namespace overland::cli
