#pragma once
// The places where an accept counts, and what stands there of ours. Which packets are accepted is
// decided in table `ip overland`, by a mark; an anchor accepts that mark. There are two kinds of
// tables Docker may write, and an implementation for each, which touches only its own kind, and
// there only what carries our marks.
//
//   filter DOCKER-USER → OVERLAND-FORWARD  beside Docker with its iptables backend: the place its
//                                          start leaves alone
//   filter FORWARD     → OVERLAND-USER     what counts while nothing leads to DOCKER-USER: that
//                                          chain leads there itself before it accepts, so that a
//                                          user's DROP there counts in every state of Docker. Put
//                                          directly below the jump to DOCKER-USER where there is
//                                          one, else first. Docker may push it down: no defect
//                                          while DOCKER-USER is reached and accepts
//                      → OVERLAND-FORWARD  the same on a host without Docker
//   raw PREROUTING     → OVERLAND-RAW      first: Docker drops there what comes from outside
//   filter INPUT       → OVERLAND-INPUT    only with a tunnel, and whatever Docker is: first, as
//   its
//                                          policy or a rule there may drop what is around the
//                                          tunnel's packets. Table `ip overland` leaves the mark
//                                          there to those alone, and takes it off behind

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/firewall.h"

namespace overland::firewall {

/// A place for a jump into a chain of ours.
struct AnchorSpot {
  const char* table;
  const char* chain;
  const char* target;
};

inline constexpr AnchorSpot kDockerUserSpot = {"filter", "DOCKER-USER", "OVERLAND-FORWARD"};
inline constexpr AnchorSpot kForwardSpot = {"filter", "FORWARD", "OVERLAND-FORWARD"};
inline constexpr AnchorSpot kDockerForwardSpot = {"filter", "FORWARD", "OVERLAND-USER"};
inline constexpr AnchorSpot kPreroutingSpot = {"raw", "PREROUTING", "OVERLAND-RAW"};
inline constexpr AnchorSpot kInputSpot = {"filter", "INPUT", "OVERLAND-INPUT"};
/// All chains of others that a jump of ours may stand in, whatever chain of ours it leads to.
inline constexpr std::array<AnchorSpot, 4> kSpots = {kDockerUserSpot, kForwardSpot, kPreroutingSpot,
                                                     kInputSpot};

/// Which anchors a policy needs.
struct Places {
  constexpr Places(model::FirewallAnchor forward,
                   bool tunnelled = false)  // NOLINT: stands for itself
      : anchor(forward), tunnel(tunnelled) {}

  model::FirewallAnchor anchor;
  bool tunnel;  // the one at INPUT, too

  auto operator<=>(const Places&) const = default;
};

Places places_of(const model::FirewallPolicy& policy);

/// The spots they use.
std::vector<AnchorSpot> spots_of(const Places& places);

/// A chain of ours.
struct OwnChain {
  const char* table;
  const char* name;
};

/// None leads to one behind it: in this order they can be removed.
inline constexpr std::array<OwnChain, 4> kOwnChains = {
    OwnChain{kDockerForwardSpot.table, kDockerForwardSpot.target},
    OwnChain{kForwardSpot.table, kForwardSpot.target},
    OwnChain{kPreroutingSpot.table, kPreroutingSpot.target},
    OwnChain{kInputSpot.table, kInputSpot.target}};

/// An empty chain beside filter FORWARD: its policy DROP is one we set. Table `ip overland`
/// remembers it as well; each outlives the loss of the other.
inline constexpr const char* kClosedChain = "OVERLAND-CLOSED";

/// A rule of a spot's chain, as far as order is concerned.
struct AnchorRule {
  std::string target;    // chain jumped or gone to; empty: neither
  bool plain = false;    // without a condition: for every packet
  bool goes = false;     // goes, and does not come back
  bool returns = false;  // ends this chain
  bool decides = false;  // accepts, drops or rejects
};

/// Where our jump belongs: how many of the other rules of `spot`'s chain stand above it. A jump
/// that is there but wrong is not lifted above rules that a user put before it.
std::size_t place_of(const AnchorSpot& spot, std::span<const AnchorRule> rules);

/// What is wrong with our jump at `spot`, one clause; empty where it stands as it has to.
std::string jump_fault(const AnchorSpot& spot, std::span<const AnchorRule> rules);

/// What one kind of tables holds, as far as anchors are concerned.
struct AnchorsSeen {
  std::array<std::vector<AnchorRule>, kSpots.size()> rules;  // of each spot's chain
  /// Our chains that are there: what is wrong with them, one clause; empty where they hold the
  /// accept of the mark and nothing else.
  std::map<std::string, std::string, std::less<>> chains;
  std::vector<std::string> others;  // sentences: what else of ours is there and shall not be
  bool forward_drops = false;       // filter FORWARD has the policy DROP, whoever set it
  bool closed = false;              // kClosedChain is there

  /// Anything of ours at all.
  [[nodiscard]] bool any() const;
};

struct AnchorsFound {
  bool any = false;  // anything of ours
  /// As the jumps stand; the wanted one where none does.
  model::FirewallAnchor anchor = model::FirewallAnchor::kForward;
  std::vector<std::string> defects;
  bool forward_drops = false;
  bool closed = false;
};

/// Pure. `kind` is how sentences name a table: "table ip " or "legacy table ".
AnchorsFound judge(const AnchorsSeen& seen, const Places& wanted, std::string_view kind);

/// One bit each; two while the mark changes.
using Marks = std::vector<std::uint32_t>;

/// A rule of a chain of ours, about packets that carry `mark`.
struct MarkRule {
  std::uint32_t mark = 0;
  std::string jump = {};  // chain; empty: accepts

  auto operator<=>(const MarkRule&) const = default;
};

/// What `chain`, one of kOwnChains, has to hold.
std::vector<MarkRule> rules_of(std::string_view chain, const Marks& marks);

/// What the choice of a variant needs to know of one kind of tables.
struct Glance {
  bool usable = false;          // this network namespace can have such tables
  bool docker_chains = false;   // Docker's chains stand here
  bool docker_user = false;     // FORWARD leads to DOCKER-USER
  bool docker_backend = false;  // nf_tables: table ip docker-bridges, of Docker's own backend
  bool forward_drops = false;   // filter FORWARD has the policy DROP, whoever set it
  bool ours = false;            // nf_tables: table ip overland
  bool guarded = false;         // a guard of ours, or the memory of one
  bool direct_drop = false;     // nf_tables: the chain that stands in for Docker's own drop
};

class Anchors {
 public:
  virtual ~Anchors() = default;
  /// Looks at the tables; makes none. What was seen serves foreign_rules() and the next look() too:
  /// facts and state of one survey go by the same look. look() uses it up, and so does a change.
  virtual Glance glance() = 0;
  /// Whether tables of iptables hold rules that are neither ours nor lead to us.
  virtual bool foreign_rules() = 0;
  /// How the anchors stand, compared with `wanted` and the accept of `mark`. Changes nothing.
  virtual AnchorsFound look(const Places& wanted, std::uint32_t mark) = 0;
  /// Makes them stand, accepting each of `marks`, in one transaction a table; what is right already
  /// is not touched.
  virtual void put(const Places& places, const Marks& marks) = 0;
  /// The policy of filter FORWARD, DROP or ACCEPT; where there is no such chain there is none. With
  /// DROP goes kClosedChain.
  virtual void set_forward_policy(bool drop) = 0;
  /// Removes all of ours, and a DOCKER-USER we made where nobody uses it.
  virtual void remove() = 0;
  /// After remove(): what no rule of ours uses any more, and somebody else's may.
  virtual void remove_sets() {}
  /// What bears our mark where neither this nor an earlier version puts anything.
  virtual std::vector<std::string> remnants() = 0;
};

}  // namespace overland::firewall
