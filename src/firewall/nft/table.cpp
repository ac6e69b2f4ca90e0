#include "firewall/nft/table.h"

#include <algorithm>

#include "base/error.h"
#include "firewall/nft/address_sets.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/ranges.h"
#include "firewall/printable.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using model::Prefix;

/// NF_CT_STATE_BIT of linux/netfilter/nf_conntrack_common.h.
constexpr std::uint32_t kEstablishedOrRelated = 1U << 1U | 1U << 2U;

/// The one name itself where a list holds just one: compared faster than looked up.
Match is_one_of(Field field, const char* set, const std::vector<std::string>& names) {
  if (names.size() == 1) return {field, names.front()};
  return {field, SetName{set}};
}

/// The lists of addresses as they are kept.
struct Lists {
  explicit Lists(const FirewallPolicy& policy)
      : peer_subnets(address_sets("peer-subnets", policy.peer_subnets)),
        peer_hosts(address_sets("peer-hosts", policy.peer_hosts)),
        transit(address_sets("transit", policy.transit)) {}

  std::vector<AddressSet> peer_subnets;
  std::vector<AddressSet> peer_hosts;
  std::vector<AddressSet> transit;
};

/// One match for each set of a list.
std::vector<Match> among(Field field, const std::vector<AddressSet>& list) {
  std::vector<Match> matches;
  for (const AddressSet& set : list) {
    const std::uint32_t mask = UINT32_MAX << (32U - set.length.value_or(32));
    matches.push_back({field, SetName{set.name}, false, mask});
  }
  return matches;
}
Match local_is(Field field, const std::vector<Prefix>& local) {
  auto ranges = ranges_of(local);
  if (ranges.size() == 1) return {field, std::move(ranges)};
  return {field, SetName{"local"}};
}
Match negated(Match match) {
  match.negated = true;
  return match;
}
Match marked(std::uint32_t mark) { return {Field::kMark, mark, false, mark}; }
MarkChange set_mark(std::uint32_t mark) { return {~mark, mark}; }

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Chain chain(const char* name, const char* type, const char* hook, int priority) {
  return {name, type, hook, priority, "accept", {}};
}

/// What happens to trusted traffic once it is known: nothing after it in the chain is asked, least
/// of all another large set.
void trust(Statements& rule, const FirewallPolicy& policy, bool tracked) {
  rule.emplace_back(Action::kCounter);
  rule.emplace_back(set_mark(policy.mark));
  if (!tracked) rule.emplace_back(Action::kNotrack);
  // Ends this chain only: those of later priorities see the packet all the same.
  rule.emplace_back(Verdict{Verdict::kAccept});
}

/// Before raw (-300), where Docker drops, and before connection tracking (-200). Without connection
/// tracking both directions between bridge subnets are untracked, or it would see half of a flow.
Chain trusted_in(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = chain("trusted-in", "filter", "prerouting", -310);
  // The mark is worth an accept, so nothing may bring it along: IPsec keeps the mark of the outer
  // packet, a tc filter or a veth within the namespace may set one.
  result.rules.push_back({marked(policy.mark), Action::kCounter, MarkChange{~policy.mark, 0}});
  const Match underlay = is_one_of(Field::kInLink, "underlay", policy.underlay_links);
  const Match bridges = is_one_of(Field::kInLink, "bridges", policy.bridges);
  const auto rule = [&](Statements statements, bool tracked) {
    trust(statements, policy, tracked);
    result.rules.push_back(std::move(statements));
  };
  // What is cheaper to ask stands first.
  const auto arriving = [&](const std::vector<AddressSet>& peers, bool tracked) {
    const Match to = local_is(Field::kDestination, policy.local);
    for (const Match& from : among(Field::kSource, peers)) {
      rule({to, underlay, from}, tracked);
    }
  };
  const auto leaving = [&](const std::vector<AddressSet>& peers, bool tracked) {
    const Match from = local_is(Field::kSource, policy.local);
    for (const Match& to : among(Field::kDestination, peers)) {
      rule({from, bridges, to}, tracked);
    }
  };
  const auto crossing = [&](const std::vector<AddressSet>& both, bool tracked) {
    for (const Match& from : among(Field::kSource, both)) {
      for (const Match& to : among(Field::kDestination, both)) {
        rule({underlay, from, to}, tracked);
      }
    }
  };
  arriving(lists.peer_subnets, policy.conntrack);
  arriving(lists.peer_hosts, true);
  leaving(lists.peer_subnets, policy.conntrack);
  leaving(lists.peer_hosts, true);
  if (policy.transit.empty()) return result;
  if (!policy.conntrack) crossing(lists.peer_subnets, false);
  crossing(lists.transit, true);
  return result;
}

/// Before Docker's MASQUERADE (srcnat, 100), whatever stands first in there: a source translated to
/// itself is translated, so that nobody after us does it again.
Chain keep_source(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = chain("keep-source", "nat", "postrouting", 90);
  for (const auto* peers : {&lists.peer_subnets, &lists.peer_hosts}) {
    for (const Match& to : among(Field::kDestination, *peers)) {
      result.rules.push_back({marked(policy.mark), local_is(Field::kSource, policy.local), to,
                              Action::kCounter, Action::kKeepSource});
    }
  }
  return result;
}

void leaves_the_cluster(Statements& rule, const FirewallPolicy& policy, const Lists& lists) {
  rule.emplace_back(negated(local_is(Field::kDestination, policy.local)));
  for (const auto* list : {&lists.transit, &lists.peer_subnets, &lists.peer_hosts}) {
    for (const Match& one : among(Field::kDestination, *list)) {
      rule.emplace_back(negated(one));
    }
  }
}

Chain masquerade(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = chain("masquerade", "nat", "postrouting", 90);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty() || !entry.translated) continue;
    Statements rule = {Match{Field::kOutLink, entry.link},
                       Match{Field::kSource, ranges_of(entry.sources)}};
    leaves_the_cluster(rule, policy, lists);
    rule.emplace_back(Action::kCounter);
    rule.emplace_back(Action::kMasquerade);
    result.rules.push_back(std::move(rule));
  }
  return result;
}

/// Before filter FORWARD, whose policy may be DROP and whose anchor matches the mark.
Chain masqueraded_out(const FirewallPolicy& policy, const Lists& lists) {
  Chain result = chain("masqueraded", "filter", "forward", -10);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty()) continue;
    Statements out = {Match{Field::kOutLink, entry.link},
                      Match{Field::kSource, ranges_of(entry.sources)}};
    leaves_the_cluster(out, policy, lists);
    out.emplace_back(Action::kCounter);
    out.emplace_back(set_mark(policy.mark));
    result.rules.push_back(std::move(out));
    result.rules.push_back({Match{Field::kInLink, entry.link},
                            Match{Field::kState, 0U, true, kEstablishedOrRelated},
                            Match{Field::kDestination, ranges_of(entry.sources)}, Action::kCounter,
                            set_mark(policy.mark)});
  }
  return result;
}

void add_list(Table& table, std::vector<AddressSet> list) {
  for (AddressSet& set : list) {
    table.sets.push_back({set.name, "ipv4_addr", !set.length});
    table.elements.ranges[set.name] = std::move(set.ranges);
  }
}

}  // namespace

bool Chain::same_hook(const Chain& other) const {
  return name == other.name && type == other.type && hook == other.hook &&
         priority == other.priority && policy == other.policy;
}

std::string made_name(std::string_view table, std::string_view chain_name) {
  std::string name = std::string(kMadePrefix) + std::string(table);
  if (!chain_name.empty()) name += "-" + std::string(chain_name);
  return name;
}

void check_link_names(const FirewallPolicy& policy) {
  std::vector<std::string> names = policy.bridges;
  names.insert(names.end(), policy.underlay_links.begin(), policy.underlay_links.end());
  for (const model::Masquerade& entry : policy.masquerades) names.push_back(entry.link);
  for (const std::string& name : names) {
    if (name.empty() || name.size() >= kLinkNameSize || name.front() == '@' ||
        name.find_first_of("*\\") != std::string::npos) {
      throw base::Error(
          base::ErrorKind::kInvalid,
          "the link name '" + printable(name) + "' cannot stand in a firewall rule; rename it");
    }
  }
}

Table encode_table(const FirewallPolicy& policy) {
  Lists lists(policy);
  Table table;
  // The sets hold what the policy says even where a rule has it by itself: reading starts from
  // them.
  table.sets = {
      {"bridges", "ifname", false}, {"local", "ipv4_addr", true}, {"underlay", "ifname", false}};
  table.elements.names["bridges"] = sorted(policy.bridges);
  table.elements.names["underlay"] = sorted(policy.underlay_links);
  table.elements.ranges["local"] = ranges_of(policy.local);

  // A router without bridges has no source to keep, and is spared connection tracking.
  if (policy.conntrack && !policy.local.empty()) table.chains.push_back(keep_source(policy, lists));
  if (std::any_of(policy.masquerades.begin(), policy.masquerades.end(),
                  [](const model::Masquerade& entry) { return entry.translated; })) {
    table.chains.push_back(masquerade(policy, lists));
  }
  if (!policy.masquerades.empty()) table.chains.push_back(masqueraded_out(policy, lists));
  table.chains.push_back(trusted_in(policy, lists));

  add_list(table, std::move(lists.peer_subnets));
  add_list(table, std::move(lists.peer_hosts));
  add_list(table, std::move(lists.transit));
  std::sort(table.sets.begin(), table.sets.end());
  return table;
}

std::vector<Statements> anchor_rules(std::uint32_t mark) {
  return {Statements{marked(mark), Action::kCounter, Verdict{Verdict::kAccept}}};
}

}  // namespace overland::firewall::nft
