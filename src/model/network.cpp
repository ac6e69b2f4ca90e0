#include "model/network.h"

#include <algorithm>

namespace overland::model {

bool can_have(const Network& network, const Address& address) {
  const auto& reserved = network.reserved;
  return network.subnet.contains(address) && network.gateway != address &&
         std::find(reserved.begin(), reserved.end(), address) == reserved.end();
}

const char* name_of(NetworkDriver driver) {
  switch (driver) {
    case NetworkDriver::kBridge:
      return "bridge";
    case NetworkDriver::kMacvlan:
      return "macvlan";
    case NetworkDriver::kIpvlan:
      return "ipvlan";
  }
  return "";
}

const char* name_of(IpvlanMode mode) {
  switch (mode) {
    case IpvlanMode::kL2:
      return "l2";
    case IpvlanMode::kL3:
      return "l3";
    case IpvlanMode::kL3s:
      return "l3s";
  }
  return "";
}

}  // namespace overland::model
