#pragma once
// Flows that began while something was trusted go on when it no longer is: connection tracking lets
// what is established through. Those are cut, once the rules that trust it no longer stand.

#include <cstddef>
#include <set>
#include <vector>

#include "base/deadline.h"
#include "model/address.h"
#include "model/firewall.h"

namespace overland::firewall {

/// Who is no longer trusted. Lists are sorted and disjoint, as in the policies they are from.
struct LostTrust {
  struct Lists {
    std::vector<model::Prefix> subnets, hosts,
        transit;  // of the policy; closed networks' in subnets

    auto operator<=>(const Lists&) const = default;
  };
  /// Who reaches whom where both ends count: containers of closed networks, and joined ones.
  struct Way {
    std::vector<model::Prefix> one, other;

    auto operator<=>(const Way&) const = default;
  };
  /// What a policy lets its own containers reach.
  struct Reach {
    std::vector<model::Prefix> local, own;      // open containers, and all
    std::vector<model::Prefix> subnets, hosts;  // whom the open ones reach
    std::vector<Way> ways;

    auto operator<=>(const Reach&) const = default;
  };
  std::vector<model::Prefix> local;  // of the old policy, like the next
  Lists before, after;
  Reach reached, reaches;  // before and after
  bool any = false;        // there is something of `before` that `after` lacks
};

LostTrust lost_trust(const model::FirewallPolicy& from, const model::FirewallPolicy& to);

/// What of a policy before the present one is no longer trusted, while its flows may go on.
struct Uncut {
  std::vector<model::Prefix> local, subnets, hosts, transit;

  [[nodiscard]] bool none() const { return subnets.empty() && hosts.empty() && transit.empty(); }
  auto operator<=>(const Uncut&) const = default;
};

/// What has to be known for the flows of `lost` to be cut later.
Uncut uncut(const LostTrust& lost);
/// `policy` as it was while all that was trusted, too.
model::FirewallPolicy before_cut(model::FirewallPolicy policy, const Uncut& uncut);

/// A flow by the addresses of its first packet and of the answers to it.
struct Flow {
  model::Address source, destination, reply_source, reply_destination;
};

/// Whether only that trust let it through: between a container here and a peer, or in transit, with
/// both its real addresses. A translated flow is Docker's affair (a published port) or a router's,
/// and none of `own`, this host's addresses, is in transit.
bool hangs_on(const LostTrust& lost, const Flow& flow, const std::set<model::Address>& own);

/// Removes such flows of IPv4 from connection tracking: one look at it, for at most 5 s and no
/// longer than `deadline` has left; gives their number. Throws kUnsupported where the kernel does
/// not show it, kFailure where the time was too short for all of it.
std::size_t cut_flows(const LostTrust& lost, const base::Deadline& deadline);

}  // namespace overland::firewall
