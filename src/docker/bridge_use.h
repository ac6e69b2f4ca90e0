#pragma once
// Who uses Docker's bridge, from what its API answers. Pure. Throws as docker/api_facts.h does.

#include <optional>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::docker {

struct BridgeContainer {
  std::string id;
  std::string name;
  model::Address address;
  int pid = 0;  // in our process namespace, where it runs; 0: not known
};

struct BridgeUse {
  std::vector<BridgeContainer> containers;
  std::vector<model::Address> reserved;  // by name, in the network's settings
  std::optional<model::Prefix> range;    // fixed-cidr: where containers get addresses from
};

/// From the answer to /networks/bridge.
BridgeUse parse_bridge(const std::string& json);

/// The first process, from the answer to /containers/ID/json; 0 where it does not run, or is
/// paused.
int parse_pid(const std::string& json);

}  // namespace overland::docker
