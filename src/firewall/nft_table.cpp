#include "firewall/nft_table.h"

#include <algorithm>

#include "base/error.h"
#include "firewall/nft_ranges.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;
using model::FirewallPolicy;

Json match(const char* op, Json left, Json right) {
  return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}
Json address(const char* field) { return {{"payload", {{"protocol", "ip"}, {"field", field}}}}; }
Json meta(const char* key) { return {{"meta", {{"key", key}}}}; }
Json in_set(const char* field, const char* set) {
  return match("==", address(field), std::string("@") + set);
}
Json not_in_set(const char* field, const char* set) {
  return match("!=", address(field), std::string("@") + set);
}
Json comes_in_on(const char* set) { return match("==", meta("iifname"), std::string("@") + set); }
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
NftChain trusted_in(const FirewallPolicy& policy) {
  NftChain result = chain("trusted-in", "filter", "prerouting", -310);
  // The mark is worth an accept, so nothing may bring it along: IPsec keeps the mark of the outer
  // packet, a tc filter or a veth within the namespace may set one.
  result.rules.push_back({marked(policy.mark), counter(), change_mark("&", ~policy.mark)});
  const auto rule = [&](const char* link, const char* from, const char* to, bool tracked) {
    // The set of few addresses first.
    std::vector<Json> matches = {in_set("saddr", from), in_set("daddr", to)};
    if (std::string_view(to) == "local") std::swap(matches[0], matches[1]);
    matches.insert(matches.begin(), comes_in_on(link));
    trust(matches, policy, tracked);
    result.rules.emplace_back(std::move(matches));
  };
  rule("underlay", "peer-subnets", "local", policy.conntrack);
  rule("underlay", "peer-hosts", "local", true);
  rule("bridges", "local", "peer-subnets", policy.conntrack);
  rule("bridges", "local", "peer-hosts", true);
  if (policy.transit.empty()) return result;
  if (!policy.conntrack) rule("underlay", "peer-subnets", "peer-subnets", false);
  rule("underlay", "transit", "transit", true);
  return result;
}

/// Before Docker's MASQUERADE (srcnat, 100), whatever stands first in there: a source translated to
/// itself is translated, so that nobody after us does it again.
NftChain keep_source(const FirewallPolicy& policy) {
  NftChain result = chain("keep-source", "nat", "postrouting", 90);
  for (const char* peers : {"peer-subnets", "peer-hosts"}) {
    result.rules.push_back({marked(policy.mark), in_set("saddr", "local"), in_set("daddr", peers),
                            counter(), Json{{"snat", {{"addr", address("saddr")}}}}});
  }
  return result;
}

Json sources_of(const std::vector<model::Prefix>& prefixes) {
  Json elements = Json::array();
  for (const NftRange& range : ranges_of(prefixes)) elements.push_back(element_of(range));
  if (elements.size() == 1) return elements.front();
  return {{"set", elements}};
}

void leaves_the_cluster(std::vector<Json>& rule) {
  for (const char* set : {"local", "transit", "peer-subnets", "peer-hosts"}) {
    rule.push_back(not_in_set("daddr", set));
  }
}

NftChain masquerade(const FirewallPolicy& policy) {
  NftChain result = chain("masquerade", "nat", "postrouting", 90);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty() || !entry.translated) continue;
    std::vector<Json> rule = {match("==", meta("oifname"), entry.link),
                              match("==", address("saddr"), sources_of(entry.sources))};
    leaves_the_cluster(rule);
    rule.push_back(counter());
    rule.push_back({{"masquerade", nullptr}});
    result.rules.emplace_back(rule);
  }
  return result;
}

/// Before filter FORWARD, whose policy may be DROP and whose anchor matches the mark.
NftChain masqueraded_out(const FirewallPolicy& policy) {
  NftChain result = chain("masqueraded", "filter", "forward", -10);
  for (const model::Masquerade& entry : policy.masquerades) {
    if (entry.sources.empty()) continue;
    std::vector<Json> out = {match("==", meta("oifname"), entry.link),
                             match("==", address("saddr"), sources_of(entry.sources))};
    leaves_the_cluster(out);
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
      throw base::Error(base::ErrorKind::kInvalid,
                        "the link name '" + name + "' cannot stand in a firewall rule; rename it");
    }
  }
}

NftTable encode_table(const FirewallPolicy& policy) {
  NftTable table;
  table.sets = {{"bridges", "ifname", false},      {"local", "ipv4_addr", true},
                {"peer-hosts", "ipv4_addr", true}, {"peer-subnets", "ipv4_addr", true},
                {"transit", "ipv4_addr", true},    {"underlay", "ifname", false}};
  table.elements.names["bridges"] = sorted(policy.bridges);
  table.elements.names["underlay"] = sorted(policy.underlay_links);
  table.elements.ranges["local"] = ranges_of(policy.local);
  table.elements.ranges["peer-hosts"] = ranges_of(policy.peer_hosts);
  table.elements.ranges["peer-subnets"] = ranges_of(policy.peer_subnets);
  table.elements.ranges["transit"] = ranges_of(policy.transit);

  if (policy.conntrack) table.chains.push_back(keep_source(policy));
  if (std::any_of(policy.masquerades.begin(), policy.masquerades.end(),
                  [](const model::Masquerade& entry) { return entry.translated; })) {
    table.chains.push_back(masquerade(policy));
  }
  if (!policy.masquerades.empty()) table.chains.push_back(masqueraded_out(policy));
  table.chains.push_back(trusted_in(policy));
  return table;
}

std::vector<Json> anchor_rules(std::uint32_t mark) {
  return {Json::array({marked(mark), counter(), accept()})};
}

}  // namespace overland::firewall
