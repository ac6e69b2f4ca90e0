// Bridge subnets, segments, the pool and Docker's address pools: what overlaps, and what lies
// outside.

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "inventory/prefix_index.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

enum class Kind { kSegment, kBip, kPreviousBip, kBridge, kNetwork };

struct Subnet {
  model::Prefix prefix;
  Position at;
  Kind kind;
  std::size_t index;        // of the segment, host or network
  std::size_t network = 0;  // of kBridge: beside its host

  [[nodiscard]] bool same_host(const Subnet& other) const {
    const auto bip = [](Kind one) { return one == Kind::kBip || one == Kind::kPreviousBip; };
    return bip(kind) && bip(other.kind) && index == other.index;
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
    case Kind::kBridge:
      return "the subnet of " + label(draft, subnet.index) + " in " +
             network_label(draft, subnet.network) + ", " + prefix;
    case Kind::kNetwork:
      return "the subnet of " + network_label(draft, subnet.index) + ", " + prefix;
  }
  return prefix;
}

/// Bridges' subnets, and those of macvlan networks that no segment has: several on one link may
/// share theirs.
void add_networks(const Draft& draft, std::vector<Subnet>& subnets) {
  for (const NetworkPiece& piece : draft.pieces) {
    if (draft.networks[piece.network].subnet) continue;
    subnets.push_back({piece.prefix, piece.at, Kind::kBridge, piece.host, piece.network});
  }
  std::set<std::tuple<model::Prefix, std::optional<std::size_t>, std::string>> own;
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const Network& network = draft.inventory.networks[i];
    const NetworkPlaces& places = draft.networks[i];
    if (!places.subnet) continue;
    if (in_segments_subnet(draft, i) ||
        !own.emplace(*places.subnet, network.segment, network.parent).second)
      continue;
    subnets.push_back({*places.subnet, places.subnet_at, Kind::kNetwork, i});
  }
}

/// Sorted by network, then length, then place.
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
  add_networks(draft, result);
  std::sort(result.begin(), result.end(), [](const Subnet& a, const Subnet& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.at < b.at;
  });
  return result;
}

/// Reports at the later of the two in the file; a host's own two subnets may overlap.
void report_overlap(const Draft& draft, const Subnet& a, const Subnet& b, Report& report) {
  const Subnet& later = a.at < b.at ? b : a;
  const Subnet& earlier = a.at < b.at ? a : b;
  std::string message = describe(draft, later) + ", overlaps " + describe(draft, earlier) +
                        in_line(draft, earlier.at);
  report.add(Code::kOverlap, later.at, std::move(message), "give each a range of its own");
}

void check_overlaps(const Draft& draft, const std::vector<Subnet>& subnets, Report& report) {
  // In their order a prefix is inside one before it or apart from all of them; the stack holds
  // those that are still open. Each is reported once, with the nearest around it.
  std::vector<const Subnet*> open;
  std::set<std::pair<Position, Position>> told;  // pieces of a pool stand where it does
  for (const Subnet& subnet : subnets) {
    while (!open.empty() && !open.back()->prefix.contains(subnet.prefix)) open.pop_back();
    const auto other = std::find_if(open.rbegin(), open.rend(), [&subnet](const Subnet* around) {
      return !around->same_host(subnet);
    });
    if (other != open.rend() && told.emplace((*other)->at, subnet.at).second) {
      report_overlap(draft, **other, subnet, report);
    }
    open.push_back(&subnet);
  }
}

/// Which subnet a pool meets: the longest that holds its first address, or the first one in it.
class Met {
 public:
  explicit Met(const std::vector<Subnet>& subnets) : subnets_(subnets), index_(entries(subnets)) {}

  /// nullptr where there is none.
  [[nodiscard]] const Subnet* find(const model::Prefix& pool) const {
    if (const auto around = index_.find(pool.network())) return &subnets_[*around];
    const auto inside = std::lower_bound(
        subnets_.begin(), subnets_.end(), pool,
        [](const Subnet& subnet, const model::Prefix& wanted) { return subnet.prefix < wanted; });
    const bool met = inside != subnets_.end() && pool.contains(inside->prefix);
    return met ? &*inside : nullptr;
  }

 private:
  static std::vector<std::pair<model::Prefix, std::size_t>> entries(
      const std::vector<Subnet>& subnets) {
    std::vector<std::pair<model::Prefix, std::size_t>> result;
    for (std::size_t i = 0; i < subnets.size(); ++i) result.emplace_back(subnets[i].prefix, i);
    return result;
  }

  const std::vector<Subnet>& subnets_;
  PrefixIndex index_;
};

void check_address_pools(const Draft& draft, std::vector<AddressPool> pools, const Met& met,
                         Report& report) {
  std::sort(pools.begin(), pools.end());
  const AddressPool* before = nullptr;
  for (const AddressPool& pool : pools) {
    std::string other;
    if (const Subnet* const subnet = met.find(pool.base)) {
      other = describe(draft, *subnet) + in_line(draft, subnet->at);
    } else if (before != nullptr && before->base.overlaps(pool.base)) {
      other = "the pool " + before->base.to_string() + in_line(draft, before->at);
    }
    if (before == nullptr || !before->base.contains(pool.base)) before = &pool;
    if (other.empty()) continue;
    report.add(Code::kPoolOverlap, pool.at,
               "address pool " + pool.base.to_string() + " overlaps " + other,
               "give Docker's new networks a range of their own");
  }
}

/// Those of [docker], and each host's own.
void check_all_address_pools(const Draft& draft, const std::vector<Subnet>& subnets,
                             Report& report) {
  const auto& common = draft.default_pools;
  const auto own = [&](const Host& host) {
    const auto& pools = host.docker.address_pools;
    return pools && !(common && pools->front().at == common->front().at);
  };
  const auto& hosts = draft.inventory.hosts;
  if (!common && std::none_of(hosts.begin(), hosts.end(), own)) return;
  const Met met(subnets);
  if (common) check_address_pools(draft, *common, met, report);
  for (const Host& host : hosts) {
    if (own(host)) check_address_pools(draft, *host.docker.address_pools, met, report);
  }
}

/// At the first host: the remedy is one line for all of them.
void check_auto_bips(const Draft& draft, Report& report) {
  if (draft.pool_said) return;
  const auto& hosts = draft.inventory.hosts;
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [](const Host& host) { return host.auto_bip; });
  if (found == hosts.end()) return;
  const auto index = static_cast<std::size_t>(found - hosts.begin());
  report.add(Code::kAutoNoPool, draft.hosts[index].bip,
             "the bip of " + label(draft, index) + " is \"auto\", and [cluster] has no pool",
             "add pool = \"10.100.0.0/16\" to [cluster], or write a bip");
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
  const auto subnets = subnets_of(draft);
  check_overlaps(draft, subnets, report);
  check_all_address_pools(draft, subnets, report);
  check_pool(draft, report);
  check_auto_bips(draft, report);
}

}  // namespace overland::inventory
