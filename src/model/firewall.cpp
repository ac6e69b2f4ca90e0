#include "model/firewall.h"

#include <utility>

namespace overland::model {

std::vector<Behind> behind_each(const FirewallPolicy& policy) {
  if (!policy.behind.empty()) return policy.behind;
  std::vector<Behind> result;
  for (const std::string& link : policy.bridges) result.push_back({link, policy.local});
  return result;
}

std::vector<Prefix> closed_peers(const FirewallPolicy& policy) {
  std::vector<Prefix> all;
  for (const ClosedNetwork& one : policy.closed) {
    all.insert(all.end(), one.peers.begin(), one.peers.end());
  }
  return aggregate(std::move(all));
}

}  // namespace overland::model
