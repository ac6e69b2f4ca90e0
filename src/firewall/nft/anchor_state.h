#pragma once
// The anchors in the tables iptables-nft and Docker work in, as found; and, pure, the commands that
// lead from there to where they have to stand, or to none. Each list is one transaction; an empty
// one means that nothing has to change.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/nft/command.h"
#include "firewall/nft/look.h"

namespace overland::firewall::nft {

struct AnchorState {
  /// A jump into a chain of ours from where none belongs.
  struct Stray {
    std::string table;
    RuleEntry rule;
  };

  Look look;
  std::map<std::string, std::vector<Statements>, std::less<>> chains;  // ours, with their rules
  std::vector<Stray> strays;

  [[nodiscard]] AnchorsSeen seen(const Marks& marks) const;
};

/// What `chain`, one of kOwnChains, holds for `marks`.
std::vector<Statements> statements_of(std::string_view chain, const Marks& marks);

/// What leads there, for `marks`. All else is spared the way; while there are two marks nothing is.
Statements jump_to(const char* chain, const Marks& marks);

/// Changes nothing and makes no table.
AnchorState read_anchors(Look look);

/// The tables that we made and that hold sets by now: somebody uses them.
std::set<std::string> made_with_sets(const Look& look);

std::vector<Command> put_commands(const AnchorState& state, const Places& places,
                                  const Marks& marks);

/// Takes the tables and chains of iptables that we made along, where nobody uses them; `in_use`:
/// tables that stay.
std::vector<Command> removal_commands(const AnchorState& state,
                                      const std::set<std::string>& in_use);

}  // namespace overland::firewall::nft
