#include "firewall/nft/direct.h"

#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

constexpr const char* kSet = "docker-networks";

using Opening = model::DirectDrop::Opening;

/// The link's name `rule` compares `field` with; empty where it does not.
std::string link_in(const Statements& rule, Field field) {
  for (const Statement& statement : rule) {
    const auto* match = std::get_if<Match>(&statement);
    if (match == nullptr || match->field != field) continue;
    if (const auto* link = std::get_if<std::string>(&match->value)) return *link;
  }
  return "";
}

}  // namespace

std::optional<Chain> direct_chain(const model::FirewallPolicy& policy) {
  if (!policy.direct_drop) return std::nullopt;
  constexpr int kBehindTrustedIn = -309;
  Chain chain = base_chain(kDirectChain, "filter", "prerouting", kBehindTrustedIn);
  chain.rules.push_back({marked(policy.mark), Verdict{Verdict::kAccept}});
  chain.rules.push_back(
      {negated(Match{Field::kDestination, SetName{kSet}}), Verdict{Verdict::kAccept}});
  for (const Opening& opening : policy.direct_drop->open) {
    Statements rule;
    if (!opening.from.empty()) rule.emplace_back(Match{Field::kInLink, opening.from});
    rule.emplace_back(Match{Field::kRoutedTo, opening.link});
    rule.emplace_back(Verdict{Verdict::kReturn});
    chain.rules.push_back(std::move(rule));
  }
  // Stateless, as Docker's own: what it translates comes by an address of the host's.
  for (const std::string& link : policy.direct_drop->links) {
    chain.rules.push_back({Match{Field::kRoutedTo, link}, Action::kNotFromThere, Action::kCounter,
                           Verdict{Verdict::kDrop}});
  }
  return chain;
}

void add_direct_set(Table& table, const model::FirewallPolicy& policy) {
  if (!policy.direct_drop) return;
  table.sets.push_back({kSet, "ipv4_addr", true});
  table.elements.ranges[kSet] = ranges_of(policy.direct_drop->networks);
}

std::optional<model::DirectDrop> direct_drop_in(const Table& table) {
  const Chain* chain = table.chain(kDirectChain);
  const auto networks = table.elements.ranges.find(kSet);
  if (chain == nullptr && networks == table.elements.ranges.end()) return std::nullopt;
  model::DirectDrop drop;
  if (networks != table.elements.ranges.end()) drop.networks = prefixes_of(networks->second);
  for (const Statements& rule : chain == nullptr ? std::vector<Statements>() : chain->rules) {
    const std::string link = link_in(rule, Field::kRoutedTo);
    if (link.empty()) continue;
    if (rule.back() == Statement(Verdict{Verdict::kReturn})) {
      drop.open.push_back({link, link_in(rule, Field::kInLink)});
    } else {
      drop.links.push_back(link);
    }
  }
  return drop;
}

}  // namespace overland::firewall::nft
