#pragma once
// What the firewall shall let through, as intent: it is encoded in table `ip overland`, read back
// and compared by meaning and order. Lists are sorted and aggregated, so equal policies compare
// equal.
//
// Trusted traffic comes from a peer's address or bridge subnet on a link by which that peer's paths
// lead here and goes to a local bridge subnet, or leaves a local bridge towards a peer. It is
// accepted, and its source address kept. Everything else is none of our business.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// What drops packets that nobody lets through, where forwarding was turned on by us.
enum class FirewallGuard : std::uint8_t {
  kNone,
  kForwardPolicy,  // filter FORWARD has the policy DROP, as dockerd sets it
  kChain,          // no Docker: a chain of ours drops what does not carry the mark
};

/// Traffic of `sources` that leaves by `link` to outside the cluster is let through and masqueraded
/// (a router), or only let through, on its way to a router that masquerades it.
struct Masquerade {
  std::string link;
  std::vector<Prefix> sources;
  bool translated = true;

  auto operator<=>(const Masquerade&) const = default;
};

/// Who is believed to come in on an underlay link: senders whose shortest paths, any of the equal
/// ones, lead here by it. nullopt: all there are in the policy's list.
struct Ingress {
  std::string link;
  std::optional<std::vector<Prefix>> subnets = {};  // of peer_subnets
  std::optional<std::vector<Prefix>> hosts = {};    // of peer_hosts
  std::optional<std::vector<Prefix>> transit = {};  // of transit
  std::optional<std::vector<Prefix>> closed = {};   // of the peers of all closed networks

  auto operator<=>(const Ingress&) const = default;
};

/// The links of Docker's own bridges for user networks, those made after the last run among them.
inline constexpr std::string_view kDockerLinks = "br-*";

/// New traffic straight to an address behind one of Docker's bridges is dropped, but from that
/// bridge: in place of Docker's own rules, which a key that we set takes away.
struct DirectDrop {
  /// Of a network that Docker itself leaves open.
  struct Opening {
    std::string link;
    std::string from;  // to what comes in on this link; empty: to all

    auto operator<=>(const Opening&) const = default;
  };

  std::vector<std::string> links;  // sorted; kDockerLinks among them
  std::vector<Opening> open;       // sorted
  std::vector<Prefix> networks;    // where Docker's networks are and may be; nothing else is asked

  auto operator<=>(const DirectDrop&) const = default;
};

/// What containers behind one link of this host send from.
struct Behind {
  std::string link;
  std::vector<Prefix> subnets;

  auto operator<=>(const Behind&) const = default;
};

/// A network of this host that only its namesakes on other hosts reach, and what is joined to it.
struct ClosedNetwork {
  std::string link;
  std::vector<Prefix> subnets;  // of this host
  std::vector<Prefix> peers;    // of its namesakes

  auto operator<=>(const ClosedNetwork&) const = default;
};

/// Two links of this host whose containers reach each other.
struct Join {
  Behind one;    // the link that comes first
  Behind other;  // by name

  auto operator<=>(const Join&) const = default;
};

/// A link in the network of another link of this host: for addresses other than its own it answers
/// only those in `range`, so that each address of the host has one answer on the wire.
struct ArpGuard {
  std::string link;
  Prefix range;
  Address address;  // of the link

  auto operator<=>(const ArpGuard&) const = default;
};

/// What keeps strangers from the containers of an ipvlan network, whose packets pass no FORWARD:
/// what comes in by `link`, the parent, for `own` and not from `trusted` is dropped.
struct IpvlanGuard {
  std::string link;
  Prefix own;
  std::vector<Prefix> trusted;
  bool tracked = false;  // replies pass: where connection tracking sees the packets (l3s)

  auto operator<=>(const IpvlanGuard&) const = default;
};

/// What is believed of what the tunnel brings. Packets to its port with its VNI that are not so are
/// dropped before the tunnel sees them; other VNIs are somebody else's.
struct Tunnel {
  /// A peer: what its outer address may bring.
  struct Sender {
    Address outer;
    std::vector<Prefix> inner;  // sources within

    auto operator<=>(const Sender&) const = default;
  };

  std::string link;
  std::uint32_t vni = 0;        // 1..16777215
  std::uint16_t port = 0;       // UDP
  std::vector<Sender> senders;  // by outer address

  auto operator<=>(const Tunnel&) const = default;
};

struct FirewallPolicy {
  FirewallVariant variant = FirewallVariant::kNft;
  FirewallAnchor anchor = FirewallAnchor::kDockerUser;
  std::uint32_t mark = 0;  // exactly one bit of the packet mark
  bool conntrack = true;   // false: traffic between bridge subnets is not tracked
  FirewallGuard guard = FirewallGuard::kNone;
  std::vector<std::string> bridges;  // links of the local bridge subnets: docker0; sorted
  std::vector<Ingress> ingress;      // the underlay links, sorted by name
  std::vector<Prefix> local;         // bridge subnets of this host
  /// Which of `local` is behind which of `bridges`, sorted by link; empty where there is but one.
  std::vector<Behind> behind;
  std::vector<ClosedNetwork> closed;       // in neither of these; sorted by link
  std::vector<Join> joins;                 // sorted
  std::vector<ArpGuard> arp_guards;        // sorted by link
  std::vector<IpvlanGuard> ipvlan_guards;  // sorted
  std::vector<Prefix> peer_subnets;        // bridge subnets of all other hosts
  std::vector<Prefix> peer_hosts;  // underlay addresses of all other hosts, and segments trusted
                                   // as a whole
  std::vector<Prefix> transit;     // a router forwards between any two of these; without `local`
  std::vector<Masquerade> masquerades;  // sorted by link
  bool stops_forgers = false;           // what comes from a bridge that is no underlay link with an
                                        // address of another host is dropped
  /// The addresses that count for that, where peer_hosts holds others; nullopt: peer_hosts.
  std::optional<std::vector<Prefix>> others;
  std::optional<DirectDrop> direct_drop;
  std::optional<Tunnel> tunnel;

  auto operator<=>(const FirewallPolicy&) const = default;
};

/// Of a list, what a link believes; `all` where it believes all.
inline const std::vector<Prefix>& believed(const std::optional<std::vector<Prefix>>& list,
                                           const std::vector<Prefix>& all) {
  return list ? *list : all;
}

/// Which subnet is behind which link, also where there is but one.
std::vector<Behind> behind_each(const FirewallPolicy& policy);

/// The peers of all closed networks.
std::vector<Prefix> closed_peers(const FirewallPolicy& policy);

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
  bool docker_nft_backend = false;         // Docker 29's nftables backend is in force, or will be
  std::string evidence;                    // one sentence: "iptables v1.8.9 (nf_tables)"
  bool both_variants = false;              // rules in the legacy and in the nf_tables variant
  bool stands = false;   // table `ip overland`, which is never older than this boot
  bool guarded = false;  // a guard that we put there, too
  std::vector<FirewallVariant> forward_drops;  // where filter FORWARD has the policy DROP
  bool docker_user_cut = false;     // Docker runs, and no rule of FORWARD leads to DOCKER-USER
  bool docker_tables_gone = false;  // Docker runs with its nftables backend, without its tables
  bool no_link_kinds = false;       // the kernel cannot ask for a link's kind
  bool no_link_guards = false;      // nor drop at a link's ingress; asked where it is needed
  bool direct_drop = false;         // our stand-in for Docker's drop of direct traffic stands
  std::vector<Finding> unknown;     // what could not be asked, and is at its default above

  auto operator<=>(const FirewallFacts&) const = default;
};

}  // namespace overland::model
