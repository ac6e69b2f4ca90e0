#pragma once
// Where a probe's packets are sent from: as near to a container as can be had. Best the network
// namespace of a running one; else a namespace of our own, plugged into the bridge for as long as
// the probe takes; on a host without a bridge the host itself. Nothing of it outlives the process.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "model/address.h"
#include "model/link.h"
#include "probe/lookup.h"

namespace overland::probe {

/// What Docker says of its bridge.
struct BridgeUse {
  struct Container {
    std::string name;
    model::Address address;
    int pid = 0;
  };
  std::vector<Container> running;
  std::vector<model::Address> taken;   // by containers and by name
  std::optional<model::Prefix> range;  // what containers get addresses from, where not the whole
};

struct Stand {
  enum class Kind : std::uint8_t { kContainer, kOwn, kHost };
  Kind kind = Kind::kHost;
  std::string container;          // its name
  Sender sender;                  // as this host sees its packets
  std::uint32_t mtu = 0;          // bytes
  base::UniqueFd space;           // not valid: this namespace
  std::shared_ptr<void> plugged;  // what is taken away with it
};

/// The highest addresses of the bridge's subnet that nobody has by `use`, outside of its range
/// where that leaves some; eight at most. Pure.
std::vector<model::Address> free_addresses(const model::InterfaceAddress& bridge,
                                           const BridgeUse& use);

/// The namespace of a running container on `bridge` that can send to `some`, an address
/// elsewhere: one whose other end is really plugged in there, whatever process has its number by
/// now. nullopt where there is none.
std::optional<Stand> in_container(const model::LinkFacts& bridge, const BridgeUse& use,
                                  const model::Address& some);

/// A namespace of our own on `bridge`, which is up, with an address nobody answers to. Throws
/// kFailure where there is none left, and what the kernel refuses.
Stand in_own_space(const model::LinkFacts& bridge, const model::InterfaceAddress& address,
                   const BridgeUse& use);

/// This host, sending from `source` of `link`.
Stand on_host(const model::Address& source, const model::LinkFacts& link);

}  // namespace overland::probe
