#include "firewall/nft/write_table.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/error.h"
#include "firewall/nft/commands.h"
#include "firewall/nft/ranges.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;

const std::string kOurs(model::kNftTable);

template <typename T>
std::vector<T> elements_in(const std::map<std::string, std::vector<T>>& sets,
                           const std::string& name) {
  const auto found = sets.find(name);
  return found == sets.end() ? std::vector<T>() : found->second;
}

/// Those that only the first has; both by name.
std::vector<Set> without(const std::vector<Set>& sets, const std::vector<Set>& others) {
  std::vector<Set> result;
  std::ranges::set_difference(sets, others, std::back_inserter(result));
  return result;
}

std::vector<Set> in_both(const std::vector<Set>& sets, const std::vector<Set>& others) {
  std::vector<Set> result;
  std::ranges::set_intersection(sets, others, std::back_inserter(result));
  return result;
}

void change_elements(Commands& commands, const Elements& from, const Elements& to,
                     const std::vector<Set>& sets) {
  for (const Set& set : sets) {
    auto ranges = delta(elements_in(from.ranges, set.name), elements_in(to.ranges, set.name));
    auto names = delta(elements_in(from.names, set.name), elements_in(to.names, set.name));
    auto senders = delta(elements_in(from.senders, set.name), elements_in(to.senders, set.name));
    auto pairs = delta(elements_in(from.pairs, set.name), elements_in(to.pairs, set.name));
    commands.change_members(Verb::kDelete, kOurs,
                            {set, std::move(ranges.gone), std::move(names.gone),
                             std::move(senders.gone), std::move(pairs.gone)});
    commands.change_members(Verb::kAdd, kOurs,
                            {set, std::move(ranges.added), std::move(names.added),
                             std::move(senders.added), std::move(pairs.added)});
  }
}

void add_uncut(Commands& commands, const std::map<std::string, std::vector<Range>>& sets) {
  for (const auto& [name, ranges] : sets) {
    const Set set = {name, "ipv4_addr", true};
    commands.add(kOurs, set);
    commands.change_members(Verb::kAdd, kOurs, {set, ranges, {}, {}});
  }
}

/// Our table from nothing, in place of whatever stands there; what it remembers is kept.
void write_whole(Commands& commands, const Table& wanted, const std::optional<Table>& found) {
  commands.add(kOurs);
  commands.remove(kOurs);
  commands.add(kOurs);
  for (const Set& set : wanted.sets) commands.add(kOurs, set);
  change_elements(commands, {}, wanted.elements, wanted.sets);
  for (const Chain& chain : wanted.chains) commands.add(kOurs, chain);
  for (const Chain& chain : wanted.chains) {  // whose rules may jump to any other
    commands.add_rules(kOurs, chain.name, chain.rules, false);
  }
  if (!found) return;
  for (const std::string& name : found->made) commands.add_chain(kOurs, name);
  add_uncut(commands, found->uncut);
}

/// The kernel lets nobody else change such a table, nor remove it.
void refuse_owned(const std::optional<Table>& found) {
  if (!found || found->owner == 0) return;
  throw base::Error(base::ErrorKind::kInvalid,
                    "table ip overland belongs to another program (netlink port " +
                        std::to_string(found->owner) +
                        "), which alone may change it; end that program");
}

const Chain* named(const std::vector<Chain>& chains, const std::string& name) {
  const auto found = std::ranges::find(chains, name, &Chain::name);
  return found == chains.end() ? nullptr : &*found;
}

/// Whether the table can become the wanted one without being made anew: nothing in it has a name
/// that is wanted for something else.
bool becomes(const Table& found, const Table& wanted) {
  const auto other_set = [&](const Set& set) {
    return std::ranges::any_of(found.sets,
                               [&](const Set& one) { return one.name == set.name && one != set; });
  };
  const auto other_hook = [&](const Chain& chain) {
    const Chain* there = named(found.chains, chain.name);
    return there != nullptr && !there->same_hook(chain);
  };
  return found.spoilt.empty() && std::ranges::none_of(wanted.sets, other_set) &&
         std::ranges::none_of(wanted.chains, other_hook);
}

/// Sets that no rule asks yet. In a transaction of their own: newer kernels (6.18) publish the
/// elements of an interval set after the rules of the same transaction are in force, and packets
/// would miss them until then.
std::vector<Command> fill_new_sets(const Table& found, const Table& wanted) {
  Commands commands;
  const auto added = without(wanted.sets, found.sets);
  for (const Set& set : added) commands.add(kOurs, set);
  change_elements(commands, {}, wanted.elements, added);
  return commands.take();
}

/// The rest, where those sets stand.
std::vector<Command> turn_into(const Table& found, const Table& wanted) {
  Commands commands;
  for (const Chain& chain : found.chains) {
    const Chain* stays = named(wanted.chains, chain.name);
    if (stays == nullptr || stays->rules != chain.rules) commands.flush_chain(kOurs, chain.name);
  }
  for (const Chain& chain : found.chains) {
    if (named(wanted.chains, chain.name) == nullptr) commands.remove_chain(kOurs, chain.name);
  }
  for (const Set& set : without(found.sets, wanted.sets)) commands.remove(kOurs, set);
  change_elements(commands, found.elements, wanted.elements, in_both(wanted.sets, found.sets));
  for (const Chain& chain : wanted.chains) {
    if (named(found.chains, chain.name) == nullptr) commands.add(kOurs, chain);
  }
  for (const Chain& chain : wanted.chains) {  // whose rules may jump to any other
    const Chain* there = named(found.chains, chain.name);
    if (there != nullptr && there->rules == chain.rules) continue;
    commands.add_rules(kOurs, chain.name, chain.rules, false);
  }
  return commands.take();
}

}  // namespace

std::vector<std::vector<Command>> commands_for(const std::optional<Table>& found,
                                               const FirewallPolicy& to, WriteMode mode) {
  check_link_names(to);
  refuse_owned(found);
  const Table wanted = encode_table(to);
  if (mode == WriteMode::kWhole || !found || !becomes(*found, wanted)) {
    Commands commands;
    write_whole(commands, wanted, found);
    return {commands.take()};
  }
  std::vector<std::vector<Command>> result = {fill_new_sets(*found, wanted),
                                              turn_into(*found, wanted)};
  std::erase_if(result, [](const auto& commands) { return commands.empty(); });
  return result;
}

std::vector<Command> uncut_commands(const std::optional<Table>& found, const Uncut& uncut) {
  refuse_owned(found);
  Commands commands;
  if (found) {
    for (const auto& [name, ranges] : found->uncut) commands.remove(kOurs, Set{name, "", true});
  }
  if (uncut.none()) return commands.take();
  commands.add(kOurs);
  std::map<std::string, std::vector<Range>> sets;
  for (const UncutSet& set : kUncutSets) {
    if (!(uncut.*set.list).empty()) sets[set.name] = ranges_of(uncut.*set.list);
  }
  add_uncut(commands, sets);
  return commands.take();
}

std::vector<Command> removal_commands(const std::optional<Table>& found) {
  refuse_owned(found);
  Commands commands;
  if (found) commands.remove(kOurs);
  return commands.take();
}

}  // namespace overland::firewall::nft
