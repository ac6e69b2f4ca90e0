#include "inventory/keys.h"

namespace overland::inventory {

std::span<const Key> all_host_keys() {
  static const std::vector<Key> keys_of_a_host = [] {
    std::vector<Key> keys(kHostKeys.begin(), kHostKeys.end());
    keys.insert(keys.end(), kDockerKeys.begin(), kDockerKeys.end());
    keys.insert(keys.end(), kFirewallKeys.begin(), kFirewallKeys.end());
    return keys;
  }();
  return keys_of_a_host;
}

std::vector<std::string_view> names_of(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

}  // namespace overland::inventory
