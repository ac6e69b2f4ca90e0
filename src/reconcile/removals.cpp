#include "reconcile/removals.h"

#include <algorithm>
#include <set>

namespace overland::reconcile {
namespace {

constexpr std::size_t kFew = 5;  // fewer are a change; a tenth of a large cluster is not
constexpr std::size_t kNamed = 5;

std::set<model::Prefix> destinations(const std::vector<model::Route>& routes) {
  std::set<model::Prefix> result;
  for (const auto& route : routes) result.insert(route.destination);
  return result;
}

}  // namespace

bool Removals::too_many() const {
  return gone.size() * 2 > of || (gone.size() >= kFew && gone.size() * 10 > of);
}

std::string Removals::reason() const {
  std::string text = std::string("the subnets of ") + std::to_string(gone.size()) + " of " +
                     std::to_string(of) + " " + what + " go: ";
  for (std::size_t i = 0; i < gone.size() && i < kNamed; ++i) {
    text += (i == 0 ? "" : ", ") + gone[i];
  }
  if (gone.size() > kNamed) text += " and " + std::to_string(gone.size() - kNamed) + " more";
  return text;
}

Removals removals(const Subnets& before, const Subnets& now) {
  std::set<model::Prefix> there;
  for (const auto& [name, subnets] : now) there.insert(subnets.begin(), subnets.end());
  Removals result;
  result.of = before.size();
  for (const auto& [name, subnets] : before) {
    const bool all = std::all_of(subnets.begin(), subnets.end(),
                                 [&](const auto& subnet) { return there.contains(subnet); });
    if (!all) result.gone.push_back(name);
  }
  return result;
}

Removals removals(const std::vector<model::Route>& standing,
                  const std::vector<model::Route>& desired) {
  const auto before = destinations(standing);
  const auto now = destinations(desired);
  Removals result;
  result.of = before.size();
  result.what = "routes";
  for (const auto& destination : before) {
    if (!now.contains(destination)) result.gone.push_back(destination.to_string());
  }
  return result;
}

}  // namespace overland::reconcile
