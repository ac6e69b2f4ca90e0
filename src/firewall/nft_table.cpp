#include "firewall/nft_table.h"

#include <algorithm>

#include "base/error.h"
#include "firewall/nft_address_sets.h"
#include "firewall/nft_ranges.h"
#include "firewall/printable.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;
using model::Address;
using model::FirewallPolicy;
using model::Prefix;

Json match(const char* op, Json left, Json right) {
  return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}
Json address(const char* field) { return {{"payload", {{"protocol", "ip"}, {"field", field}}}}; }
Json meta(const char* key) { return {{"meta", {{"key", key}}}}; }
/// The one name itself where a list holds just one: compared faster than looked up.
Json is_one_of(const char* key, const char* set, const std::vector<std::string>& names) {
  return match("==", meta(key), names.size() == 1 ? names.front() : std::string("@") + set);
}
/// The lists of addresses as they are kept.
struct Lists {
  explicit Lists(const FirewallPolicy& policy)
      : peer_subnets(address_sets("peer-subnets", policy.peer_subnets)),
        peer_hosts(address_sets("peer-hosts", policy.peer_hosts)),
        transit(address_sets("transit", policy.transit)) {}

  std::vector<NftAddressSet> peer_subnets;
  std::vector<NftAddressSet> peer_hosts;
  std::vector<NftAddressSet> transit;
};

/// One match for each set of a list.
std::vector<Json> among(const char* op, const char* field, const std::vector<NftAddressSet>& list) {
  std::vector<Json> matches;
  for (const NftAddressSet& set : list) {
    Json left = address(field);
    if (set.length && *set.length < 32) {
      const std::uint32_t mask = UINT32_MAX << (32U - *set.length);
      left = {{"&", Json::array({std::move(left), Address::from_ipv4(mask).to_string()})}};
    }
    matches.push_back(match(op, std::move(left), "@" + set.name));
  }
  return matches;
}
Json local_is(const char* op, const char* field, const std::vector<Prefix>& local) {
  const auto ranges = ranges_of(local);
  return match(op, address(field), ranges.size() == 1 ? element_of(ranges.front()) : "@local");
}
Json counter() { return {{"counter", nullptr}}; }
/// Ends this chain only: those of later priorities see the packet all the same.
Json accept() { return {{"accept", nullptr}}; }
Json marked(std::uint32_t mark) {
  return match("==", {{"&", Json::array({meta("mark"), mark})}}, mark);
}
Json change_mark(const char* op, std::uint32_t value) {
  return {
      {"mangle", {{"key", meta("mark")}, {"value", {{op, Json::array({meta("mark"), value})}}}}}};
}
Json set_mark(std::uint32_t mark) { return change_mark("|", mark); }

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

NftChain chain(const char* name, const char* type, const char* hook, int priority) {
  return {name, type, hook, priority, "accept", {}};
}

/// What happens to trusted traffic once it is known: nothing after it in the chain is asked, least
/// of all another large set.
void trust(std::vector<Json>& rule, const FirewallPolicy& policy, bool tracked) {
  rule.push_back(counter());
  rule.push_back(set_mark(policy.mark));
  if (!tracked) rule.push_back({{"notrack", nullptr}});
  rule.push_back(accept());
}

/// Before raw (-300), where Docker drops, and before connection tracking (-200). Without connection
/// tracking both directions between bridge subnets are untracked, or it would see half of a flow.
NftChain trusted_in(const FirewallPolicy& policy, const Lists& lists) {
  NftChain result = chain("trusted-in", "filter", "prerouting", -310);
  // The mark is worth an accept, so nothing may bring it along: IPsec keeps the mark of the outer
  // packet, a tc filter or a veth within the namespace may set one.
  result.rules.push_back({marked(policy.mark), counter(), change_mark("&", ~policy.mark)});
  const Json underlay = is_one_of("iifname", "underlay", policy.underlay_links);
  const Json bridges = is_one_of("iifname", "bridges", policy.bridges);
  const auto rule = [&](std::vector<Json> matches, bool tracked) {
    trust(matches, policy, tracked);
    result.rules.emplace_back(std::move(matches));
  };
  // What is cheaper to ask stands first.
  const auto arriving = [&](const std::vector<NftAddressSet>& peers, bool tracked) {
    const Json to = local_is("==", "daddr", policy.local);
    for (const Json& from : among("==", "saddr", peers)) rule({to, underlay, from}, tracked);
  };
  const auto leaving = [&](const std::vector<NftAddressSet>& peers, bool tracked) {
    const Json from = local_is("==", "saddr", policy.local);
    for (const Json& to : among("==", "daddr", peers)) rule({from, bridges, to}, tracked);
  };
  const auto crossing = [&](const std::vector<NftAddressSet>& both, bool tracked) {
    for (const Json& from : among("==", "saddr", both)) {
      for (const Json& to : among("==", "daddr", both)) rule({underlay, from, to}, tracked);
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
NftChain keep_source(const FirewallPolicy& policy, const Lists& lists) {
  NftChain result = chain("keep-source", "nat", "postrouting", 90);
  for (const auto* peers : {&lists.peer_subnets, &lists.peer_hosts}) {
    for (const Json& to : among("==", "daddr", *peers)) {
      result.rules.push_back({marked(policy.mark), local_is("==", "saddr", policy.local), to,
                              counter(), Json{{"snat", {{"addr", address("saddr")}}}}});
    }
  }
  return result;
}

Json sources_of(const std::vector<Prefix>& prefixes) {
  Json elements = Json::array();
  for (const NftRange& range : ranges_of(prefixes)) elements.push_back(element_of(range));
  if (elements.size() == 1) return elements.front();
  return {{"set", elements}};
}

void leaves_the_cluster(std::vector<Json>& rule, const FirewallPolicy& policy, const Lists& lists) {
  rule.push_back(local_is("!=", "daddr", policy.local));
  for (const auto* list : {&lists.transit, &lists.peer_subnets, &lists.peer_hosts}) {
    for (Json& none : among("!=", "daddr", *list)) rule.push_back(std::move(none));
  }
}

NftChain masquerade(const FirewallPolicy& policy, const Lists& lists) {
  NftChain result = chain("masquerade", "nat", "postrouting", 90);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty() || !entry.translated) continue;
    std::vector<Json> rule = {match("==", meta("oifname"), entry.link),
                              match("==", address("saddr"), sources_of(entry.sources))};
    leaves_the_cluster(rule, policy, lists);
    rule.push_back(counter());
    rule.push_back({{"masquerade", nullptr}});
    result.rules.emplace_back(rule);
  }
  return result;
}

/// Before filter FORWARD, whose policy may be DROP and whose anchor matches the mark.
NftChain masqueraded_out(const FirewallPolicy& policy, const Lists& lists) {
  NftChain result = chain("masqueraded", "filter", "forward", -10);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty()) continue;
    std::vector<Json> out = {match("==", meta("oifname"), entry.link),
                             match("==", address("saddr"), sources_of(entry.sources))};
    leaves_the_cluster(out, policy, lists);
    out.push_back(counter());
    out.push_back(set_mark(policy.mark));
    result.rules.emplace_back(out);
    result.rules.push_back(
        {match("==", meta("iifname"), entry.link),
         match("in", {{"ct", {{"key", "state"}}}}, Json::array({"established", "related"})),
         match("==", address("daddr"), sources_of(entry.sources)), counter(),
         set_mark(policy.mark)});
  }
  return result;
}

void add_list(NftTable& table, std::vector<NftAddressSet> list) {
  for (NftAddressSet& set : list) {
    table.sets.push_back({set.name, "ipv4_addr", !set.length});
    table.elements.ranges[set.name] = std::move(set.ranges);
  }
}

}  // namespace

bool NftChain::same_hook(const NftChain& other) const {
  return name == other.name && type == other.type && hook == other.hook &&
         priority == other.priority && policy == other.policy;
}

void check_link_names(const FirewallPolicy& policy) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ of linux/if.h without the NUL
  std::vector<std::string> names = policy.bridges;
  names.insert(names.end(), policy.underlay_links.begin(), policy.underlay_links.end());
  for (const model::Masquerade& entry : policy.masquerades) names.push_back(entry.link);
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kLongest || name.front() == '@' ||
        name.find_first_of("*\\") != std::string::npos) {
      throw base::Error(
          base::ErrorKind::kInvalid,
          "the link name '" + printable(name) + "' cannot stand in a firewall rule; rename it");
    }
  }
}

NftTable encode_table(const FirewallPolicy& policy) {
  Lists lists(policy);
  NftTable table;
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

std::vector<Json> anchor_rules(std::uint32_t mark) {
  return {Json::array({marked(mark), counter(), accept()})};
}

}  // namespace overland::firewall
