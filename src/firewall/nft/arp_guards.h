#pragma once
// Table `arp overland`: a shim stands in the network of the link below it, and would answer there
// for every address of the host, as that link does. A neighbour that learns the shim's answer sends
// by it, where nobody of the cluster is believed.

#include <string>
#include <vector>

#include "firewall/nft/command.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

struct ArpTable {
  bool there = false;
  std::vector<model::ArpGuard> guards;  // sorted by link
  std::vector<std::string> defects;     // sentences: where it is not what we would write for them
};

/// Throws kPrivilege without CAP_NET_ADMIN. A kernel without nf_tables has none.
ArpTable read_arp_table();

/// Pure. Chain by chain what `guards` ask for, and what such rules ask for.
Chain arp_chain(const std::vector<model::ArpGuard>& guards);
std::vector<model::ArpGuard> arp_guards_in(const Chain& chain);

/// What makes `wanted` of the table as found; none where nothing has to change. Pure.
std::vector<Command> arp_commands(const ArpTable& found,
                                  const std::vector<model::ArpGuard>& wanted);

}  // namespace overland::firewall::nft
