#include "firewall/anchors.h"

#include <algorithm>
#include <iterator>

#include "model/ownership.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using Rules = std::span<const AnchorRule>;

bool is(const AnchorSpot& one, const AnchorSpot& other) {
  return std::string_view(one.chain) == other.chain;
}

bool ours(const AnchorRule& rule) { return rule.target.starts_with(model::kChainPrefix); }

std::size_t others_among(Rules rules) {
  return rules.size() - static_cast<std::size_t>(std::ranges::count_if(rules, ours));
}

/// The rules down to the jump to DOCKER-USER every packet takes; where each such jump has a
/// condition, down to the last of them. Empty: nothing leads there, or only from below what decides
/// about every packet, or Docker's own drops: an accept down there would count for nothing.
Rules to_docker_user(Rules rules) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].target != kDockerUserSpot.chain) {
      const bool last = rules[i].plain && (rules[i].decides || rules[i].returns);
      if (last || rules[i].target.starts_with("DOCKER")) break;
      continue;
    }
    size = i + 1;
    if (rules[i].plain) break;
  }
  return rules.first(size);
}

/// Up to the first rule after which no packet gets further: Docker's own RETURN up to 28.2.
Rules reached(Rules rules) {
  const auto end = std::ranges::find_if(
      rules, [](const AnchorRule& rule) { return rule.returns && rule.plain; });
  return {rules.begin(), end};
}

std::string place_fault(const AnchorSpot& spot, Rules rules, std::size_t at) {
  const std::string jump = std::string("the jump to ") + spot.target + " is not ";
  const std::string place = std::string(spot.table) + " " + spot.chain;
  if (is(spot, kDockerUserSpot)) {
    // What a user put above it is meant to come first.
    return at < reached(rules).size() ? "" : jump + "reached in " + place;
  }
  const std::size_t above = is(spot, kForwardSpot) ? to_docker_user(rules).size() : 0;
  if (at == above) return "";
  return above == 0 ? jump + "the first rule of " + place
                    : jump + "directly below the one to DOCKER-USER in " + place;
}

const std::vector<AnchorRule>& rules_at(const AnchorsSeen& seen, const AnchorSpot& spot) {
  std::size_t index = 0;
  while (!is(kSpots.at(index), spot)) ++index;
  return seen.rules.at(index);
}

bool jumps_at(const AnchorsSeen& seen, const AnchorSpot& spot) {
  return std::ranges::any_of(rules_at(seen, spot), ours);
}

/// What FORWARD alone holds beside Docker is those of DOCKER-USER with one missing.
FirewallAnchor anchor_in(const AnchorsSeen& seen, FirewallAnchor wanted) {
  const bool docker_user = wanted == FirewallAnchor::kDockerUser;
  if (docker_user || jumps_at(seen, kDockerUserSpot)) return FirewallAnchor::kDockerUser;
  return jumps_at(seen, kForwardSpot) ? FirewallAnchor::kForward : wanted;
}

}  // namespace

Places places_of(const model::FirewallPolicy& policy) {
  return {policy.anchor, policy.tunnel.has_value()};
}

std::vector<AnchorSpot> spots_of(const Places& places) {
  std::vector<AnchorSpot> spots;
  switch (places.anchor) {
    case FirewallAnchor::kForward:
      spots = {kForwardSpot, kPreroutingSpot};
      break;
    case FirewallAnchor::kDockerUser:
      spots = {kDockerUserSpot, kDockerForwardSpot, kPreroutingSpot};
      break;
    case FirewallAnchor::kDockerNft:
      break;
  }
  if (places.tunnel) spots.push_back(kInputSpot);
  return spots;
}

std::vector<MarkRule> rules_of(std::string_view chain, const Marks& marks) {
  std::vector<MarkRule> rules;
  if (chain == kDockerForwardSpot.target) {
    for (const std::uint32_t mark : marks) rules.push_back({mark, kDockerUserSpot.chain});
  }
  for (const std::uint32_t mark : marks) rules.push_back({mark});
  return rules;
}

std::size_t place_of(const AnchorSpot& spot, Rules rules) {
  if (is(spot, kForwardSpot)) return others_among(to_docker_user(rules));
  if (!is(spot, kDockerUserSpot) || std::ranges::none_of(rules, ours)) return 0;
  const Rules above = {rules.begin(), std::ranges::find_if(rules, ours)};
  return reached(above).size();
}

std::string jump_fault(const AnchorSpot& spot, Rules rules) {
  const std::string target = spot.target;
  const std::string place = std::string(spot.table) + " " + spot.chain;
  const auto jump = std::ranges::find_if(rules, ours);
  if (jump == rules.end()) return "the jump from " + place + " to " + target + " is missing";
  if (rules.size() - others_among(rules) > 1) {
    return place + " jumps to " + target + " more than once";
  }
  if (jump->target != target) return place + " jumps to " + jump->target;
  if (jump->goes) {
    return place + " goes to " + target + " and never comes back: what follows counts for nothing";
  }
  if (!jump->plain) return "the jump from " + place + " to " + target + " has a condition";
  return place_fault(spot, rules, static_cast<std::size_t>(jump - rules.begin()));
}

bool AnchorsSeen::any() const {
  return closed || !chains.empty() || !others.empty() ||
         std::ranges::any_of(rules, [](Rules at) { return std::ranges::any_of(at, ours); });
}

namespace {

/// jump_fault(), but for a place below that is of no harm: each network Docker makes, and each of
/// its starts, puts rules between the jump to DOCKER-USER and ours. While every packet takes that
/// jump and is accepted there, ours may stand anywhere below it.
std::string fault_at(const AnchorsSeen& seen, const AnchorSpot& spot) {
  const auto& rules = rules_at(seen, spot);
  if (!is(spot, kForwardSpot) ||
      !jump_fault(kDockerUserSpot, rules_at(seen, kDockerUserSpot)).empty()) {
    return jump_fault(spot, rules);
  }
  const Rules above = to_docker_user(rules);
  const bool all = !above.empty() && above.back().plain;
  if (!all || std::ranges::any_of(above, ours)) return jump_fault(spot, rules);
  std::vector<AnchorRule> moved(above.begin(), above.end());
  std::ranges::copy_if(rules, std::back_inserter(moved), ours);
  return jump_fault(spot, moved);
}

}  // namespace

AnchorsFound judge(const AnchorsSeen& seen, const Places& wanted, std::string_view kind) {
  AnchorsFound found = {
      seen.any(), anchor_in(seen, wanted.anchor), {}, seen.forward_drops, seen.closed};
  const std::vector<AnchorSpot> used = spots_of({found.anchor, wanted.tunnel});
  const auto uses = [&](const auto& same) { return std::ranges::any_of(used, same); };
  for (const OwnChain& own : kOwnChains) {
    const std::string name = own.name;
    const auto tell = [&](const std::string& fault) {
      found.defects.push_back("chain " + name + " of " + std::string(kind) + own.table + " " +
                              fault);
    };
    const auto chain = seen.chains.find(name);
    const bool there = chain != seen.chains.end();
    if (!uses([&](const AnchorSpot& spot) { return name == spot.target; })) {
      if (there) tell("is of no use");
    } else if (!there || !chain->second.empty()) {
      tell(there ? chain->second : "is missing");
    }
  }
  for (const AnchorSpot& spot : used) {
    if (auto fault = fault_at(seen, spot); !fault.empty()) {
      found.defects.push_back(std::move(fault));
    }
  }
  for (const AnchorSpot& spot : kSpots) {
    if (uses([&](const AnchorSpot& one) { return is(one, spot); })) continue;
    const auto& rules = rules_at(seen, spot);
    if (const auto jump = std::ranges::find_if(rules, ours); jump != rules.end()) {
      found.defects.push_back(std::string(spot.table) + " " + spot.chain + " jumps to " +
                              jump->target + ", where it is of no use");
    }
  }
  found.defects.insert(found.defects.end(), seen.others.begin(), seen.others.end());
  return found;
}

}  // namespace overland::firewall
