#pragma once
// Underlay links of a policy, in short.

#include <string>
#include <vector>

#include "model/firewall.h"

namespace overland::tests {

/// Each of these links believes everybody.
inline std::vector<model::Ingress> on_links(const std::vector<std::string>& names) {
  std::vector<model::Ingress> result;
  for (const std::string& name : names) result.push_back({name});
  return result;
}

}  // namespace overland::tests
