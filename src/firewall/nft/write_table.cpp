#include "firewall/nft/write_table.h"

#include <algorithm>
#include <cstdint>

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

void change_elements(Commands& commands, const Elements& from, const Table& to) {
  for (const Set& set : to.sets) {
    auto ranges =
        delta(elements_in(from.ranges, set.name), elements_in(to.elements.ranges, set.name));
    auto names = delta(elements_in(from.names, set.name), elements_in(to.elements.names, set.name));
    auto senders =
        delta(elements_in(from.senders, set.name), elements_in(to.elements.senders, set.name));
    commands.change_members(
        Verb::kDelete, kOurs,
        {set, std::move(ranges.gone), std::move(names.gone), std::move(senders.gone)});
    commands.change_members(
        Verb::kAdd, kOurs,
        {set, std::move(ranges.added), std::move(names.added), std::move(senders.added)});
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
  change_elements(commands, {}, wanted);
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

/// True where sets and chains are all there as wanted, rules and elements aside.
bool same_structure(const Table& found, const Table& wanted) {
  return found.spoilt.empty() && found.sets == wanted.sets &&
         std::equal(found.chains.begin(), found.chains.end(), wanted.chains.begin(),
                    wanted.chains.end(),
                    [](const Chain& a, const Chain& b) { return a.same_hook(b); });
}

void write(Commands& commands, const std::optional<Table>& found, const Table& wanted,
           WriteMode mode) {
  if (mode == WriteMode::kWhole || !found || !same_structure(*found, wanted)) {
    write_whole(commands, wanted, found);
    return;
  }
  change_elements(commands, found->elements, wanted);
  for (std::size_t i = 0; i < wanted.chains.size(); ++i) {
    const Chain& chain = wanted.chains[i];
    if (found->chains[i].rules == chain.rules) continue;
    commands.flush_chain(kOurs, chain.name);
    commands.add_rules(kOurs, chain.name, chain.rules, false);
  }
}

}  // namespace

std::vector<Command> commands_for(const std::optional<Table>& found, const FirewallPolicy& to,
                                  WriteMode mode) {
  check_link_names(to);
  refuse_owned(found);
  Commands commands;
  write(commands, found, encode_table(to), mode);
  return commands.take();
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
