#pragma once
// Docker networks for tests, and a host whose Docker has told of its own.

#include <string>
#include <vector>

#include "unit/states.h"

namespace overland::tests {

inline model::Network bridge(const std::string& name, const char* subnet) {
  model::Network network;
  network.name = name;
  network.subnet = net(subnet);
  network.link = "br-" + name;
  return network;
}

inline model::Network macvlan(const std::string& name, const char* subnet, const char* parent) {
  model::Network network;
  network.name = name;
  network.driver = model::NetworkDriver::kMacvlan;
  network.subnet = net(subnet);
  network.parent = parent;
  return network;
}

/// As Docker tells of one of ours; `users` are asked already.
inline model::DockerNetwork in_docker(const model::Network& network,
                                      std::vector<std::string> users = {}) {
  model::DockerNetwork result;
  result.name = network.name;
  result.link = network.link;
  result.subnets = {network.subnet};
  result.id = "id of " + network.name;
  result.driver = model::name_of(network.driver);
  result.ours = network;
  auto& members = result.members.emplace();
  for (const auto& name : users) {
    members.push_back({.id = "id of " + name, .name = name, .network = result.id});
  }
  return result;
}

/// One somebody else made.
inline model::DockerNetwork foreign_network(const std::string& name, const char* subnet) {
  auto result = in_docker(bridge(name, subnet));
  result.ours.reset();
  result.members.reset();
  return result;
}

}  // namespace overland::tests
