#pragma once
// What of ours stands in the legacy tables, and what the choice of a variant needs of them: one
// dump of each table that lives, and none is made.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firewall/anchors.h"
#include "firewall/legacy/table.h"

namespace overland::firewall::legacy {

/// An empty chain that remembers that DOCKER-USER is one we made.
inline constexpr const char* kMadeDockerUser = "OVERLAND-MADE";

/// What of one table concerns us.
struct TableLook {
  struct Jump {
    std::string chain;
    std::size_t position = 0;  // from 0
    std::string target;
  };

  std::map<std::string, std::vector<Rule>> own;           // our chains
  std::vector<Jump> jumps;                                // into them, from others
  std::map<std::string, std::vector<AnchorRule>> places;  // the spots' chains that are there
  bool foreign_rules = false;
};

TableLook look_at(const Table& table);

/// Whether `chain`, one of kOwnChains, holds what it has to and nothing else.
bool right(const std::string& chain, const std::vector<Rule>& rules, const Marks& marks);

struct Look {
  Glance glance;
  std::map<std::string, TableLook> tables;
  bool old_sets = false;  // ipsets of an earlier version

  [[nodiscard]] bool foreign_rules() const;
  [[nodiscard]] AnchorsSeen anchors(const Marks& marks) const;
};

/// Chains of ours in tables that look() does not look at: clauses that name them.
std::vector<std::string> remnants();

/// Throws kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW where there are tables to look at.
Look look();

}  // namespace overland::firewall::legacy
