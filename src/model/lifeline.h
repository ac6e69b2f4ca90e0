#pragma once
// Addresses this machine, or whoever administers it, would be cut off without.

#include <compare>
#include <cstdint>
#include <string>

#include "model/address.h"

namespace overland::model {

enum class LifelineKind : std::uint8_t { kOwnAddress, kGateway, kResolver, kSshPeer };

struct Lifeline {
  LifelineKind kind = LifelineKind::kOwnAddress;
  Address address;
  std::string source;  // where it was found: "link eth0", "/etc/resolv.conf"

  auto operator<=>(const Lifeline&) const = default;
};

}  // namespace overland::model
