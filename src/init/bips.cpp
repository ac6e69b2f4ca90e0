// Which bridge subnets stay, and what those hosts get whose one cannot.

#include <algorithm>
#include <cstdint>
#include <map>

#include "base/error.h"
#include "init/layout_parts.h"

namespace overland::init {
namespace {

constexpr std::uint8_t kBipLength = 24;

bool fits_a_bridge(const model::InterfaceAddress& bip) {
  const model::Prefix subnet = bip.prefix();
  return bip.length >= 8 && bip.length <= 30 && bip.address != subnet.network() &&
         bip.address != subnet.last();
}

/// Whose bip overlaps which other's, or a segment.
std::string collision(const Layout& layout, const LaidHost& host) {
  const model::Prefix subnet = host.bip->prefix();
  for (const LaidSegment& segment : layout.segments) {
    if (segment.subnet.overlaps(subnet)) return "segment " + segment.name;
  }
  for (const LaidHost& other : layout.hosts) {
    if (&other != &host && other.bip && other.bip->prefix().overlaps(subnet)) {
      return "that of " + other.name;
    }
  }
  return {};
}

/// All that was seen on any host, and no bridge subnet of ours should touch.
std::vector<model::Prefix> seen_anywhere(const Layout& layout) {
  std::vector<model::Prefix> seen;
  for (const LaidSegment& segment : layout.segments) seen.push_back(segment.subnet);
  for (const LaidHost& host : layout.hosts) {
    const Found& found = *host.found;
    if (host.bip) seen.push_back(host.bip->prefix());
    seen.insert(seen.end(), found.address_pools.begin(), found.address_pools.end());
    for (const FoundRoute& route : found.routes) {
      if (route.destination.length() > 0) seen.push_back(route.destination);
    }
    for (const FoundLink& link : found.links) {
      for (const auto& address : link.addresses) seen.push_back(address.prefix());
    }
    for (const FoundNetwork& network : found.networks) {
      if (network.subnet) seen.push_back(*network.subnet);
    }
  }
  return seen;
}

bool clear(const model::Prefix& subnet, const std::vector<model::Prefix>& seen) {
  return std::none_of(seen.begin(), seen.end(),
                      [&subnet](const auto& one) { return one.overlaps(subnet); });
}

/// Outside of what Docker takes new networks from where nobody says: 172.16.0.0/12, 192.168.0.0/16.
model::Prefix choose_pool(const std::vector<model::Prefix>& seen) {
  for (unsigned second = 100; second < 256; ++second) {
    const model::Prefix pool(model::Address::from_ipv4(10U << 24U | second << 16U), 16);
    if (clear(pool, seen)) return pool;
  }
  throw base::Error(base::ErrorKind::kUsage,
                    "no network of 10.100.0.0/16 to 10.255.0.0/16 is free on all of these hosts; "
                    "say where bips may come from: --pool 172.31.0.0/16");
}

class Subnets {
 public:
  Subnets(const model::Prefix& pool, std::vector<model::Prefix> seen)
      : pool_(pool), length_(std::max(kBipLength, pool.length())), seen_(std::move(seen)) {}

  model::InterfaceAddress next() {
    const std::uint64_t size = std::uint64_t{1} << (32U - length_);
    const std::uint64_t last = pool_.last().ipv4();
    for (std::uint64_t at = pool_.network().ipv4(); at + size - 1 <= last; at += size) {
      const auto begin = static_cast<std::uint32_t>(at);
      const model::Prefix subnet(model::Address::from_ipv4(begin), length_);
      if (!clear(subnet, seen_)) continue;
      seen_.push_back(subnet);
      return {model::Address::from_ipv4(begin + 1), length_};
    }
    throw base::Error(base::ErrorKind::kUsage,
                      "the pool " + pool_.to_string() +
                          " has no room left that is clear of all routes, segments and networks of "
                          "these hosts; give a larger one: --pool");
  }

 private:
  model::Prefix pool_;
  std::uint8_t length_;
  std::vector<model::Prefix> seen_;
};

}  // namespace

void lay_out_bips(Layout& layout, const std::optional<model::Prefix>& pool) {
  const auto seen = seen_anywhere(layout);
  std::vector<LaidHost*> without;
  std::map<LaidHost*, std::string> collisions;
  for (LaidHost& host : layout.hosts) {
    if (!host.found->docker) continue;
    const std::string& bridge = host.found->bridge;
    if (bridge == "none") {
      host.remarks.emplace_back("Docker is told to have no bridge of its own, so it has no bip");
      host.bip.reset();
      continue;
    }
    if (!host.bip || !fits_a_bridge(*host.bip)) {
      host.remarks.emplace_back("no bridge with a subnet was found here; this bip is a new one");
      without.push_back(&host);
    } else if (const std::string with = collision(layout, host); !with.empty()) {
      host.remarks.push_back("had " + host.bip->to_string() + ", which overlaps " + with +
                             "; this bip is a new one, and Docker has to be restarted for it");
      without.push_back(&host);
    } else if (!host.found->bip_said) {
      host.remarks.emplace_back("Docker chose this bip itself; from now on it is fixed");
    }
  }
  for (LaidHost* const host : without) {
    if (host->found->bridge.empty()) continue;
    host->remarks.push_back("Docker uses the bridge " + host->found->bridge +
                            ", which somebody else made: give it this bip there");
  }
  if (!without.empty()) {
    Subnets subnets(pool ? *pool : choose_pool(seen), seen);
    for (LaidHost* const host : without) host->bip = subnets.next();
  }
  const auto wanted = pool ? pool
                      : without.empty()
                          ? std::nullopt
                          : std::optional(model::Prefix(without.front()->bip->address, 16));
  const bool all_in = std::all_of(layout.hosts.begin(), layout.hosts.end(), [&](const auto& host) {
    return !host.bip || (wanted && wanted->contains(host.bip->prefix()));
  });
  if (wanted && all_in) layout.pool = wanted;
  if (wanted && !all_in) {
    layout.remarks.push_back("pool = \"" + wanted->to_string() +
                             "\" is left out: not all bips lie in it");
  }
}

}  // namespace overland::init
