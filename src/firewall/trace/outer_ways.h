#pragma once
// By which links what is around a tunnel's packets comes in and leaves, as the kernel routes it
// now.

#include <cstddef>
#include <string>
#include <vector>

#include "model/address.h"
#include "model/firewall.h"

namespace overland::firewall::trace {

/// Of each list of a policy the first so many are followed.
inline constexpr std::size_t kMostTraced = 32;

/// Of one peer of the tunnel.
struct OuterWay {
  model::Address peer;
  model::Prefix local;          // this host's address, a /32; a /0 where it is not known
  std::vector<std::string> in;  // one of these, or where there are none, any but lo; sorted
  std::string out;              // empty: not known
};

/// Of the policy's first kMostTraced senders; none without a tunnel. Throws nothing: what cannot be
/// asked is not known.
std::vector<OuterWay> outer_ways(const model::FirewallPolicy& policy);

/// All that is in them, one text each.
std::vector<std::string> texts_of(const std::vector<OuterWay>& ways);

}  // namespace overland::firewall::trace
