#include "firewall/nft/matches.h"

#include <utility>

#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {

Match is_one_of(Field field, const std::string& set, const std::vector<std::string>& names) {
  if (names.size() == 1) return {field, names.front()};
  return {field, SetName{set}};
}

std::vector<Match> among(Field field, const std::vector<AddressSet>& list) {
  std::vector<Match> matches;
  for (const AddressSet& set : list) {
    const std::uint32_t mask = UINT32_MAX << (32U - set.length.value_or(32));
    matches.push_back({field, SetName{set.name}, false, mask});
  }
  return matches;
}

Match local_is(Field field, const std::vector<model::Prefix>& local) {
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

void trust(Statements& rule, const model::FirewallPolicy& policy, bool tracked) {
  rule.emplace_back(Action::kCounter);
  rule.emplace_back(set_mark(policy.mark));
  if (!tracked) rule.emplace_back(Action::kNotrack);
  // Ends this chain only: those of later priorities see the packet all the same.
  rule.emplace_back(Verdict{Verdict::kAccept});
}

Chain base_chain(const char* name, const char* type, const char* hook, int priority) {
  return {name, type, hook, priority, "accept", {}};
}

}  // namespace overland::firewall::nft
