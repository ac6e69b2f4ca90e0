#pragma once
// The state of one host in everything overland owns: desired or actual, one type for both. Lists
// are sorted by their keys. What we find but never change stands apart, in HostFacts.

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "model/docker.h"
#include "model/finding.h"
#include "model/firewall.h"
#include "model/link.h"
#include "model/route.h"
#include "model/sysctl.h"

namespace overland::model {

struct HostState {
  std::vector<Sysctl> sysctls;             // by key; actual: the value now of every key desired
  std::vector<VlanLink> links;             // by name
  std::optional<FirewallPolicy> firewall;  // nullopt: nothing of ours
  std::vector<Route> routes;               // by destination and metric
  std::optional<DockerSettings> docker;    // nullopt: none of our business here

  auto operator<=>(const HostState&) const = default;
};

/// A host as one look found it: its state, and what there is of it only when it is looked at.
struct Observed {
  HostState state;
  std::vector<std::string> defects = {};  // of the rules by which state.firewall is in force
  bool firewall_unread = false;           // state.firewall is not known: it is left alone
  bool daemon_json_unread = false;        // nor are state.docker's keys: likewise
  bool restart_pending = false;           // the running dockerd has not read daemon.json
  std::vector<Finding> findings = {};     // of the whole look, those of the facts among them

  auto operator<=>(const Observed&) const = default;
};

/// What is true of the machine and not ours to change.
struct HostFacts {
  std::string hostname;
  std::vector<LinkFacts> links;
  DockerFacts docker;
  FirewallFacts firewall;
  std::vector<ForeignRoute> foreign_routes;  // only those that hold or shadow a desired destination
  std::vector<Diversion> diversions;         // of destinations to which our route stands
  std::vector<Finding> findings;             // filled in with the desired state: what does not fit
  std::vector<Address> unreachable;          // next hops of desired routes, not on-link now; sorted

  auto operator<=>(const HostFacts&) const = default;
};

}  // namespace overland::model
