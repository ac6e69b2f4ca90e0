#pragma once
// What keeps strangers from ipvlan l3 and l3s containers, which no chain of FORWARD ever sees:
// table `netdev overland`, a chain at the ingress of each parent; and for l3s, whose packets pass
// INPUT, table `inet overland`, where replies are let in. A chain at a link's ingress goes with the
// link (before Linux 6.16), or waits for the next one of that name.

#include <string>
#include <vector>

#include "firewall/nft/command.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

struct GuardTables {
  bool netdev = false;  // there
  bool inet = false;
  std::vector<model::IpvlanGuard> guards;  // sorted
  std::vector<std::string> defects;        // sentences: where they are not what we would write
};

/// Throws kPrivilege without CAP_NET_ADMIN. A kernel without nf_tables has none.
GuardTables read_guard_tables();

/// Pure. The chains of one of the two tables, and the guards they hold.
std::vector<Chain> guard_chains(const std::vector<model::IpvlanGuard>& guards, bool tracked);
std::vector<model::IpvlanGuard> guards_in(const std::vector<Chain>& chains, bool tracked);

/// What makes `wanted` of the tables as found, one transaction a table; none where nothing has to
/// change. Pure.
std::vector<std::vector<Command>> guard_commands(const GuardTables& found,
                                                 const std::vector<model::IpvlanGuard>& wanted);

/// Whether the kernel has chains at a link's ingress: has it make one, and take it away, in one
/// transaction.
bool can_guard_links();

}  // namespace overland::firewall::nft
