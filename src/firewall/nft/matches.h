#pragma once
// What rules of table `ip overland` ask, each in its one form. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/nft/address_sets.h"
#include "firewall/nft/statement.h"
#include "firewall/nft/table.h"
#include "model/firewall.h"

namespace overland::firewall::nft {

/// The one name itself where a list holds just one: compared faster than looked up.
Match is_one_of(Field field, const std::string& set, const std::vector<std::string>& names);
/// One match for each set of a list.
std::vector<Match> among(Field field, const std::vector<AddressSet>& list);
Match local_is(Field field, const std::vector<model::Prefix>& local);
Match negated(Match match);
Match marked(std::uint32_t mark);
MarkChange set_mark(std::uint32_t mark);
/// Completes the rule for traffic that is known to be trusted. Nothing after it in the chain is
/// asked, least of all another large set.
void trust(Statements& rule, const model::FirewallPolicy& policy, bool tracked);
/// A base chain that accepts what none of its rules decides.
Chain base_chain(const char* name, const char* type, const char* hook, int priority);

}  // namespace overland::firewall::nft
