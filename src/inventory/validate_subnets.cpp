// Bridge subnets, segments and the pool: what overlaps, and what lies outside.

#include <algorithm>

#include "inventory/validate.h"

namespace overland::inventory {
namespace {

enum class Kind { kSegment, kBip, kPreviousBip };

struct Subnet {
  model::Prefix prefix;
  Position at;
  Kind kind;
  std::size_t index;  // of the segment or host

  [[nodiscard]] bool same_host(const Subnet& other) const {
    return kind != Kind::kSegment && other.kind != Kind::kSegment && index == other.index;
  }
};

std::string describe(const Draft& draft, const Subnet& subnet) {
  const std::string prefix = subnet.prefix.to_string();
  switch (subnet.kind) {
    case Kind::kSegment:
      return segment_label(draft, subnet.index) + ", " + prefix;
    case Kind::kBip:
      return "the bip of " + label(draft, subnet.index) + ", " + prefix;
    case Kind::kPreviousBip:
      return "the previous_bip of " + label(draft, subnet.index) + ", " + prefix;
  }
  return prefix;
}

std::vector<Subnet> subnets_of(const Draft& draft) {
  std::vector<Subnet> result;
  result.reserve(draft.segments.size() + draft.hosts.size());
  for (std::size_t i = 0; i < draft.segments.size(); ++i) {
    const model::Prefix& subnet = draft.inventory.segments[i].subnet;
    if (subnet.length() > 0)
      result.push_back({subnet, draft.segments[i].subnet, Kind::kSegment, i});
  }
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    const HostPlaces& places = draft.hosts[i];
    if (host.bip) result.push_back({host.bip->prefix(), places.bip, Kind::kBip, i});
    if (host.previous_bip) {
      result.push_back({host.previous_bip->prefix(), places.previous_bip, Kind::kPreviousBip, i});
    }
  }
  return result;
}

/// Reports at the later of the two in the file; a host's own two subnets may overlap.
void report_overlap(const Draft& draft, const Subnet& a, const Subnet& b, Report& report) {
  const Subnet& later = a.at < b.at ? b : a;
  const Subnet& earlier = a.at < b.at ? a : b;
  std::string message = describe(draft, later) + ", overlaps " + describe(draft, earlier) +
                        " (line " + std::to_string(earlier.at.line) + ")";
  report.add(Code::kOverlap, later.at, std::move(message), "give each a range of its own");
}

void check_overlaps(const Draft& draft, Report& report) {
  std::vector<Subnet> subnets = subnets_of(draft);
  std::sort(subnets.begin(), subnets.end(), [](const Subnet& a, const Subnet& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.at < b.at;
  });
  // Sorted by network, then length, a prefix is inside one before it or apart from all of them; the
  // stack holds those that are still open. Each is reported once, with the nearest around it.
  std::vector<const Subnet*> open;
  for (const Subnet& subnet : subnets) {
    while (!open.empty() && !open.back()->prefix.contains(subnet.prefix)) open.pop_back();
    const auto other = std::find_if(open.rbegin(), open.rend(), [&subnet](const Subnet* around) {
      return !around->same_host(subnet);
    });
    if (other != open.rend()) report_overlap(draft, **other, subnet, report);
    open.push_back(&subnet);
  }
}

void check_pool(const Draft& draft, Report& report) {
  const auto& pool = draft.inventory.cluster.pool;
  if (!pool) return;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const auto& bip = draft.inventory.hosts[i].bip;
    if (!bip || pool->contains(bip->prefix())) continue;
    report.add(Code::kOutsidePool, draft.hosts[i].bip,
               "bip " + bip->to_string() + " lies outside the pool " + pool->to_string(),
               "choose a bip inside it, or widen [cluster] pool");
  }
  for (std::size_t i = 0; i < draft.segments.size(); ++i) {
    const model::Prefix& subnet = draft.inventory.segments[i].subnet;
    if (subnet.length() == 0 || !pool->overlaps(subnet)) continue;
    report.add(Code::kSegmentInPool, draft.segments[i].subnet,
               segment_label(draft, i) + ", " + subnet.to_string() + ", overlaps the pool " +
                   pool->to_string() + ", which is for containers",
               "keep the pool apart from the underlay");
  }
}

}  // namespace

void check_subnets(const Draft& draft, Report& report) {
  check_overlaps(draft, report);
  check_pool(draft, report);
}

}  // namespace overland::inventory
