#pragma once
// The lists of a policy and its underlay links as they are kept in sets. Links with equal lists are
// a group: those that believe all senders are the set "underlay", others "links-1", "links-2", …
// with sets of their own beside it, "from-1-subnets", "from-1-hosts", "from-1-transit" and
// "from-1-closed". One of these that is missing is all of the policy's list, which is not kept
// twice. A table of a version that bound no sender to a link reads so as well. Pure.

#include <optional>
#include <string>
#include <vector>

#include "firewall/nft/address_sets.h"
#include "firewall/nft/statement.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

struct Group {
  std::string set;                                      // of the links' names
  std::vector<std::string> links;                       // sorted
  std::optional<std::vector<AddressSet>> subnets = {};  // nullopt: all of the policy's
  std::optional<std::vector<AddressSet>> hosts = {};
  std::optional<std::vector<AddressSet>> transit = {};
  std::optional<std::vector<AddressSet>> closed = {};

  /// Comes in on one of the links.
  [[nodiscard]] Match arrives() const;
};
using GroupList = std::optional<std::vector<AddressSet>> Group::*;

/// One match for each set a packet's source may be in; none where nobody is believed.
std::vector<Match> senders(const Group& group, GroupList own, const std::vector<AddressSet>& all);

struct Lists {
  explicit Lists(const model::FirewallPolicy& policy);

  std::vector<AddressSet> peer_subnets;
  std::vector<AddressSet> peer_hosts;
  std::vector<AddressSet> transit;
  std::optional<std::vector<AddressSet>> others;  // nullopt: those of peer_hosts
  std::vector<Group> groups;  // with links; in the order of the first of them, "underlay" first
};

/// All sets of `lists`, with what they hold. Leaves `lists` empty.
void add_sets(Table& table, Lists lists);

/// Of all sets that list is kept in; nullopt where there is none.
std::optional<std::vector<model::Prefix>> list_in(const Table& table, const std::string& list);
/// The reverse of the groups. Sorted by link.
std::vector<model::Ingress> ingress_in(const Table& table);

}  // namespace overland::firewall::nft
