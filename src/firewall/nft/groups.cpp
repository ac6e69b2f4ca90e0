#include "firewall/nft/groups.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::Ingress;

constexpr const char* kUnderlay = "underlay";
constexpr std::string_view kLinks = "links-";

std::string list_name(const std::string& number, const char* list) {
  return "from-" + number + "-" + list;
}

bool same_lists(const Ingress& one, const Ingress& other) {
  return one.subnets == other.subnets && one.hosts == other.hosts && one.transit == other.transit &&
         one.closed == other.closed;
}

std::optional<std::vector<AddressSet>> sets_of(
    const std::string& number, const char* list,
    const std::optional<std::vector<model::Prefix>>& prefixes) {
  if (!prefixes) return std::nullopt;
  return address_sets(list_name(number, list), *prefixes);
}

std::vector<Group> groups_of(const std::vector<Ingress>& ingress) {
  std::vector<Group> groups = {{kUnderlay, {}}};
  const Ingress all;
  std::vector<const Ingress*> first = {&all};  // of each group, for its lists
  for (const Ingress& one : ingress) {
    const auto like = std::find_if(first.begin(), first.end(),
                                   [&](const Ingress* other) { return same_lists(one, *other); });
    const auto index = static_cast<std::size_t>(like - first.begin());
    if (like == first.end()) {
      const std::string number = std::to_string(index);
      groups.push_back({std::string(kLinks) + number,
                        {},
                        sets_of(number, "subnets", one.subnets),
                        sets_of(number, "hosts", one.hosts),
                        sets_of(number, "transit", one.transit),
                        sets_of(number, "closed", one.closed)});
      first.push_back(&one);
    }
    groups[index].links.push_back(one.link);
  }
  for (Group& group : groups) {
    std::sort(group.links.begin(), group.links.end());
    group.links.erase(std::unique(group.links.begin(), group.links.end()), group.links.end());
  }
  if (groups.front().links.empty()) groups.erase(groups.begin());
  return groups;
}

void add_list(Table& table, std::vector<AddressSet> list) {
  for (AddressSet& set : list) {
    table.sets.push_back({set.name, "ipv4_addr", !set.length});
    table.elements.ranges[set.name] = std::move(set.ranges);
  }
}

void add_names(Table& table, const std::string& set, std::vector<std::string> names) {
  table.sets.push_back({set, "ifname", false});
  table.elements.names[set] = std::move(names);
}

}  // namespace

Match Group::arrives() const { return is_one_of(Field::kInLink, set, links); }

std::vector<Match> senders(const Group& group, GroupList own, const std::vector<AddressSet>& all) {
  if (!(group.*own)) return among(Field::kSource, all);
  std::vector<AddressSet> some;
  std::copy_if((group.*own)->begin(), (group.*own)->end(), std::back_inserter(some),
               [](const AddressSet& set) { return !set.ranges.empty(); });
  return among(Field::kSource, some);
}

Lists::Lists(const model::FirewallPolicy& policy)
    : peer_subnets(address_sets("peer-subnets", policy.peer_subnets)),
      peer_hosts(address_sets("peer-hosts", policy.peer_hosts)),
      transit(address_sets("transit", policy.transit)),
      groups(groups_of(policy.ingress)) {
  if (policy.others) others = address_sets("others", *policy.others);
}

void add_sets(Table& table, Lists lists) {
  add_list(table, std::move(lists.peer_subnets));
  add_list(table, std::move(lists.peer_hosts));
  add_list(table, std::move(lists.transit));
  if (lists.others) add_list(table, *std::move(lists.others));
  // It stands even where it is empty, as do other sets of the policy: reading starts from them.
  if (lists.groups.empty() || lists.groups.front().set != kUnderlay)
    add_names(table, kUnderlay, {});
  for (Group& group : lists.groups) {
    add_names(table, group.set, std::move(group.links));
    for (auto* list : {&group.subnets, &group.hosts, &group.transit, &group.closed}) {
      if (*list) add_list(table, *std::move(*list));
    }
  }
}

std::optional<std::vector<model::Prefix>> list_in(const Table& table, const std::string& list) {
  std::vector<Range> all;
  bool found = false;
  for (const auto& [set, ranges] : table.elements.ranges) {
    if (list_of(set) != list) continue;
    found = true;
    all.insert(all.end(), ranges.begin(), ranges.end());
  }
  if (!found) return std::nullopt;
  return prefixes_of(all);
}

std::vector<Ingress> ingress_in(const Table& table) {
  std::vector<Ingress> result;
  for (const auto& [set, links] : table.elements.names) {
    Ingress one;
    if (set.starts_with(kLinks)) {
      const std::string number = set.substr(kLinks.size());
      one.subnets = list_in(table, list_name(number, "subnets"));
      one.hosts = list_in(table, list_name(number, "hosts"));
      one.transit = list_in(table, list_name(number, "transit"));
      one.closed = list_in(table, list_name(number, "closed"));
    } else if (set != kUnderlay) {
      continue;
    }
    for (const std::string& link : links) {
      one.link = link;
      result.push_back(one);
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace overland::firewall::nft
