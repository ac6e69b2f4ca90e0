#pragma once
// What the firewall shall let through, as intent: it is encoded in table `ip overland`, read back
// and compared by meaning and order. Lists are sorted and aggregated, so equal policies compare
// equal.
//
// Trusted traffic comes in on an underlay link from a peer's address or bridge subnet and goes to a
// local bridge subnet, or leaves a local bridge towards a peer. It is accepted, and its source
// address kept. Everything else is none of our business.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "model/finding.h"

namespace overland::model {

/// In which kind of tables the anchors stand: the one the host's packet filter rules live in. The
/// policy itself is in table `ip overland` either way.
enum class FirewallVariant : std::uint8_t { kNft, kLegacy };

/// Where the accepts have to stand so that they count whatever Docker is doing.
enum class FirewallAnchor : std::uint8_t {
  kForward,     // no Docker: filter FORWARD, raw PREROUTING
  kDockerUser,  // Docker with its iptables backend, running or not: filter DOCKER-USER, too
  kDockerNft,   // Docker's nftables backend: none; Docker yields to our mark by its own setting
};

/// Traffic of `sources` that leaves by `link` to outside the cluster is let through and masqueraded
/// (a router), or only let through, on its way to a router that masquerades it.
struct Masquerade {
  std::string link;
  std::vector<Prefix> sources;
  bool translated = true;

  auto operator<=>(const Masquerade&) const = default;
};

struct FirewallPolicy {
  FirewallVariant variant = FirewallVariant::kNft;
  FirewallAnchor anchor = FirewallAnchor::kDockerUser;
  std::uint32_t mark = 0;                   // exactly one bit of the packet mark
  bool conntrack = true;                    // false: traffic between bridge subnets is not tracked
  std::vector<std::string> bridges;         // links of the local bridge subnets: docker0
  std::vector<std::string> underlay_links;  // links trusted traffic may come in on
  std::vector<Prefix> local;                // bridge subnets of this host
  std::vector<Prefix> peer_subnets;         // bridge subnets of all other hosts
  std::vector<Prefix> peer_hosts;           // underlay addresses of all other hosts, and segments
                                            // trusted as a whole
  std::vector<Prefix> transit;              // a router forwards between any two of these; without
                                            // `local`
  std::vector<Masquerade> masquerades;      // sorted by link

  auto operator<=>(const FirewallPolicy&) const = default;
};

/// What a look found in force. `defects` says, one sentence each, where the rules read differ from
/// what we would write for `policy` (a jump missing, a rule out of order, a rule of
/// somebody else in a chain of ours).
struct Firewall {
  FirewallPolicy policy;
  std::vector<std::string> defects;

  auto operator<=>(const Firewall&) const = default;
};

/// What was found on the host about packet filters, and from what.
struct FirewallFacts {
  std::optional<FirewallVariant> variant;  // nullopt: not known, or not to be had on this kernel
  bool docker_nft_backend = false;         // Docker 29 with "firewall-backend": "nftables"
  std::string evidence;                    // one sentence: "iptables v1.8.9 (nf_tables)"
  bool both_variants = false;              // rules in the legacy and in the nf_tables variant
  bool docker_user_cut = false;  // Docker runs, and no rule of FORWARD leads to DOCKER-USER
  std::vector<Finding> unknown;  // what could not be asked, and is at its default above

  auto operator<=>(const FirewallFacts&) const = default;
};

}  // namespace overland::model
