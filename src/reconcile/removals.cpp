#include "reconcile/removals.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace overland::reconcile {
namespace {

constexpr std::size_t kFew = 5;  // fewer are a change; a tenth of a large cluster is not
constexpr std::size_t kNamed = 5;

std::set<model::Prefix> destinations(const std::vector<model::Route>& routes) {
  std::set<model::Prefix> result;
  for (const auto& route : routes) {
    if (route.kind == model::RouteKind::kUnicast) result.insert(route.destination);
  }
  return result;
}

/// What stands before the first `end` in `text`, which loses both.
std::string_view take(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

}  // namespace

Subnets Subnets::parse(std::string text) {
  Subnets result;
  result.text_ = std::move(text);
  if (!result.text_.empty() && result.text_.back() != '\n') {
    throw base::Error(base::ErrorKind::kInvalid, "the last line of the subnets has no end");
  }
  result.each([](std::string_view host, const auto& subnets) {
    if (host.empty() || subnets.empty()) {
      throw base::Error(base::ErrorKind::kInvalid, "a line of the subnets lacks a word");
    }
  });
  return result;
}

void Subnets::add(std::string_view host, const std::vector<model::Prefix>& subnets) {
  if (subnets.empty()) return;
  text_ += host;
  for (const auto& subnet : subnets) text_ += " " + subnet.to_string();
  text_ += "\n";
}

std::size_t Subnets::size() const {
  return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n'));
}

void Subnets::each(
    const std::function<void(std::string_view host, const std::vector<model::Prefix>& subnets)>&
        visit) const {
  std::vector<model::Prefix> subnets;
  for (std::string_view rest = text_; !rest.empty();) {
    std::string_view line = take(rest, '\n');
    const std::string_view host = take(line, ' ');
    subnets.clear();
    while (!line.empty()) {
      const auto subnet = model::Prefix::parse(take(line, ' '));
      if (!subnet) throw base::Error(base::ErrorKind::kInvalid, "no subnet in a line of subnets");
      subnets.push_back(*subnet);
    }
    visit(host, subnets);
  }
}

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
  Removals result;
  if (before == now) return result;
  std::set<model::Prefix> there;
  now.each(
      [&](std::string_view, const auto& subnets) { there.insert(subnets.begin(), subnets.end()); });
  before.each([&](std::string_view host, const auto& subnets) {
    ++result.of;
    const bool all = std::all_of(subnets.begin(), subnets.end(),
                                 [&](const auto& subnet) { return there.contains(subnet); });
    if (!all) result.gone.emplace_back(host);
  });
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
