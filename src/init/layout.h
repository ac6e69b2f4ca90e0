#pragma once
// What an inventory of these hosts says: decided here, written by compose.h. Whatever is guessed
// has a remark.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "init/found.h"
#include "model/address.h"

namespace overland::init {

struct LaidSegment {
  std::string name;
  model::Prefix subnet;
  std::optional<std::uint16_t> vlan;  // its hosts have VLAN links there, which stay as they are
};

struct LaidHost {
  const Found* found = nullptr;
  std::string name;  // fit for an inventory
  std::vector<model::Address> addresses;
  bool router = false;
  std::optional<model::InterfaceAddress> bip;
  std::vector<std::string> remarks;
};

struct LaidNetwork {
  std::string name;    // fit for an inventory, or `sure` is false
  std::string driver;  // as Docker calls it
  struct Part {
    std::string host;
    model::Prefix subnet;
  };
  std::vector<Part> parts;
  std::string why_not;  // why it stands in the file as a remark; empty: it counts
};

struct Layout {
  std::vector<LaidSegment> segments;
  std::vector<LaidHost> hosts;
  std::vector<LaidNetwork> networks;
  std::optional<model::Prefix> pool;  // all bips lie in it
  std::vector<std::string> remarks;   // of the file as a whole
  std::vector<std::string> left_out;  // hosts that could not be taken in, and why
};

/// `pool`: where bips are taken from, if any are needed; else one is chosen that is clear of all
/// that was seen. `found` has to outlive what is returned. Throws kUsage where the pool has no
/// room.
Layout lay_out(const std::vector<Found>& found, const std::optional<model::Prefix>& pool);

/// What a host may be called in an inventory.
bool is_host_name(const std::string& name);
/// What a network may be.
bool is_network_name(const std::string& name);

}  // namespace overland::init
