#pragma once
// What overland asks of a machine, in our own types. The adapters in kernel, firewall and docker
// implement these; tests have fakes. Reading never changes anything. All throw base::Error; "is not
// there" is an empty result, not an error.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/host_state.h"
#include "plan/step.h"

namespace overland::host {

/// How one step ended: no error means done.
using Outcome = std::optional<base::Error>;

struct RoutesFound {
  std::vector<model::Route> ours;
  std::vector<model::ForeignRoute> foreign;
};

class Routes {
 public:
  virtual ~Routes() = default;
  /// Our routes: protocol 111, main table, IPv4; sorted.
  virtual std::vector<model::Route> read() = 0;
  /// Foreign routes of the main table with exactly one of `destinations`, or within one, where the
  /// kernel prefers them; sorted. Of a large table those for the first address of each will do.
  virtual std::vector<model::ForeignRoute> foreign(std::span<const model::Prefix> destinations) = 0;
  /// Those of `destinations` whose packets, with `mark`, rules lead past the main table: from
  /// `bridge`, around what it sends (a tunnel; then also those no route leads out), this host's own
  /// (null, or it is down). Sorted.
  virtual std::vector<model::Diversion> diversions(std::span<const model::Prefix> destinations,
                                                   const model::LinkFacts* bridge,
                                                   std::uint32_t mark) = 0;
  /// Those of `addresses` that the kernel reaches directly, without a gateway.
  virtual std::vector<model::Address> on_link(std::span<const model::Address> /*addresses*/) {
    return {};
  }
  /// What read() and foreign() give, for an adapter that sees both in one look.
  virtual RoutesFound look(std::span<const model::Prefix> destinations) {
    return {read(), foreign(destinations)};
  }
  /// Carries out many at once; one outcome a step, in order. Creating fails with EEXIST where a
  /// foreign route has the same destination and metric: that one is never replaced. Creating what
  /// is there already and removing what is gone already are done, not failed.
  virtual std::vector<Outcome> apply(std::span<const plan::RouteStep> steps) = 0;
  /// Removes exactly this foreign route.
  virtual void remove(const model::ForeignRoute& route) = 0;
  /// Makes a foreign route again that remove() took away; one whose link is gone is gone with it.
  virtual void restore(const model::ForeignRoute& route) = 0;
  /// What bears our mark and is none of read(): clauses that name it.
  virtual std::vector<std::string> remnants() { return {}; }
};

class Links {
 public:
  virtual ~Links() = default;
  /// All links of this network namespace, sorted by name; ours are among them (model::our_links).
  virtual std::vector<model::LinkFacts> facts() = 0;
  /// The neighbours the kernel knows, of IPv4; sorted. In one look, however many there are.
  virtual std::vector<model::NeighbourFacts> neighbours() { return {}; }
  /// Whether the kernel knows ipvlan; asking may load the module.
  virtual bool makes_ipvlan() { return true; }
  /// Likewise vxlan.
  virtual bool makes_vxlan() { return true; }
  virtual void apply(const plan::LinkStep& step) = 0;
};

class Neighbours {
 public:
  virtual ~Neighbours() = default;
  /// Whom our tunnel leads to, strays and what is damaged among them (model/neighbour.h); sorted.
  /// Empty where there is no tunnel, or it is not ours.
  virtual std::vector<model::Neighbour> read() = 0;
  /// Carries out many at once; one outcome a step, in order. Removing what is gone already is done.
  virtual std::vector<Outcome> apply(std::span<const plan::NeighbourStep> steps) = 0;
};

class Sysctls {
 public:
  virtual ~Sysctls() = default;
  /// nullopt where the kernel has no such parameter.
  virtual std::optional<std::string> read(const std::string& key) = 0;
  virtual void apply(const plan::SysctlStep& step) = 0;
};

class Firewall {
 public:
  virtual ~Firewall() = default;
  /// Which variant this host uses; without the droppers. What it could not ask is in `unknown`.
  virtual model::FirewallFacts facts(const model::DockerFacts& docker) = 0;
  /// Who else drops what `desired` lets through (kConflict), or may, or could not be asked
  /// (kUntold). To be asked last, and never in a rollback: it takes seconds where foreign tables
  /// changed. What could not be asked stops nothing.
  virtual std::vector<model::Finding> droppers(const model::FirewallPolicy& desired) = 0;
  /// What is in force of ours; `desired` tells the driver which encoding to compare with.
  virtual std::optional<model::Firewall> read(const model::FirewallPolicy& desired) = 0;
  /// Whether the kernel can drop what comes in by a link before anybody else sees it.
  virtual bool guards_links() { return true; }
  /// One transaction; `to` empty removes all of ours in every variant.
  virtual void apply(const plan::FirewallStep& step) = 0;
  /// What bears our mark wherever this version puts nothing, once all it knows is gone.
  virtual std::vector<std::string> remnants() { return {}; }
};

class Docker {
 public:
  virtual ~Docker() = default;
  /// Throws for nothing a broken neighbour does: what it could not ask is in `unknown`.
  virtual model::DockerFacts facts() = 0;
  /// The values in force of the keys named in `wanted`: from daemon.json (an absent file has none),
  /// or from a flag of dockerd that says just what is wanted. Throws kInvalid, with file and line,
  /// where dockerd itself would refuse the file, and where a flag or another key rules out a wanted
  /// value; keys wanted gone (nullopt) never conflict.
  virtual model::DaemonKeys read(const model::DaemonKeys& wanted) = 0;
  /// Rewrites daemon.json: keys of step.to, everything else kept.
  virtual void apply(const plan::DockerStep& step) = 0;
  /// daemon.json's bytes now, nullopt where there is no such file: to be kept before the first
  /// change.
  virtual std::optional<std::string> file() = 0;
  /// After our keys are out again: puts back the bytes of `original` (nullopt: removes the file)
  /// where the file still means the same, and leaves it alone where somebody else has changed it
  /// since.
  virtual void restore_file(const std::optional<std::string>& original) = 0;
  /// Restarts the engine and waits until it answers again.
  virtual void restart() = 0;
  /// All networks beside the default bridge, by name, without their members. Throws where no
  /// dockerd runs, or does not answer.
  virtual std::vector<model::DockerNetwork> networks() = 0;
  /// The containers, running or not, on a network of that name, there or gone; by name. Throws
  /// likewise.
  virtual std::vector<model::NetworkMember> members(const std::string& network) = 0;
  /// The ids of all containers, running or not; sorted. Throws likewise.
  virtual std::vector<std::string> containers() = 0;
  /// Throws with Docker's own words where it refuses. A network that cannot be made is replaced by
  /// one as it was before, with the same containers.
  virtual void apply(const plan::NetworkStep& step) = 0;
};

/// The machine: all ports together. Not owning.
struct Ports {
  Routes& routes;
  Links& links;
  Neighbours& neighbours;
  Sysctls& sysctls;
  Firewall& firewall;
  Docker& docker;
  std::function<void(std::chrono::milliseconds)> wait;  // lets that much time pass
};

}  // namespace overland::host
