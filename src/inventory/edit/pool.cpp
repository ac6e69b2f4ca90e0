#include "inventory/edit/pool.h"

#include <algorithm>

#include "base/error.h"

namespace overland::inventory {
namespace {

using Range = std::pair<std::uint64_t, std::uint64_t>;

Range range_of(const model::Prefix& prefix) {
  return {prefix.network().ipv4(), std::uint64_t{prefix.last().ipv4()} + 1};
}

/// Sorted, those that meet made one.
std::vector<Range> merged(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<Range> result;
  for (const Range& range : ranges) {
    if (!result.empty() && range.first <= result.back().second) {
      result.back().second = std::max(result.back().second, range.second);
    } else {
      result.push_back(range);
    }
  }
  return result;
}

const model::Prefix& require_pool(const Inventory& inventory) {
  if (inventory.cluster.pool) return *inventory.cluster.pool;
  throw base::Error(base::ErrorKind::kInventory,
                    "there is no pool to take a bip from: add pool = \"10.100.0.0/16\" to "
                    "[cluster], or write the bip yourself");
}

}  // namespace

SubnetPool::SubnetPool(const Inventory& inventory, std::uint8_t length)
    : length_(length),
      size_(Number{1} << (32U - length)),
      pool_(range_of(require_pool(inventory))),
      start_(pool_.first),
      at_(pool_.first) {
  const model::Prefix& pool = *inventory.cluster.pool;
  if (length < pool.length()) {
    throw base::Error(base::ErrorKind::kInventory,
                      "a bip of length " + std::to_string(length) + " does not fit in the pool " +
                          pool.to_string() + ": give bip_length or --length " +
                          std::to_string(pool.length()) + " or more");
  }
  std::vector<Range> ranges;
  for (const Host& host : inventory.hosts) {
    for (const model::Prefix& subnet : host.bridge_subnets()) {
      ranges.push_back(range_of(subnet));
      if (pool.contains(subnet)) start_ = std::max(start_, ranges.back().second);
    }
    if (host.networks) {  // those in a subnet of their own are no bridge subnets
      for (const HostNetwork& one : *host.networks) ranges.push_back(range_of(one.subnet));
    }
    if (!host.docker.address_pools) continue;
    for (const AddressPool& one : *host.docker.address_pools) ranges.push_back(range_of(one.base));
  }
  for (const Segment& segment : inventory.segments) ranges.push_back(range_of(segment.subnet));
  taken_ = merged(std::move(ranges));
  at_ = start_;
}

std::optional<SubnetPool::Number> SubnetPool::find(Number from, Number limit) const {
  for (;;) {
    const Number begin = (from + size_ - 1) / size_ * size_;
    if (begin + size_ > limit) return std::nullopt;
    const auto met =
        std::upper_bound(taken_.begin(), taken_.end(), begin,
                         [](Number number, const Range& range) { return number < range.second; });
    if (met == taken_.end() || met->first >= begin + size_) return begin;
    from = met->second;
  }
}

std::optional<model::InterfaceAddress> SubnetPool::next() {
  auto found = find(at_, second_round_ ? start_ : pool_.second);
  if (!found && !second_round_) {
    second_round_ = true;
    found = find(pool_.first, start_);
  }
  if (!found) return std::nullopt;
  at_ = *found + size_;
  return model::InterfaceAddress{model::Address::from_ipv4(static_cast<std::uint32_t>(*found + 1)),
                                 length_};
}

SlotPool::SlotPool(const Inventory& inventory) {
  for (const Network& network : inventory.networks) {
    if (network.slots) limit_ = limit_ == 0 ? *network.slots : std::min(limit_, *network.slots);
  }
  for (const Host& host : inventory.hosts) {
    if (!host.slot) continue;
    taken_.insert(*host.slot);
    at_ = std::max(at_, std::uint64_t{*host.slot} + 1);
  }
}

std::optional<std::uint32_t> SlotPool::next() {
  if (at_ >= limit_ && !second_round_) {
    second_round_ = true;
    at_ = 0;
  }
  while (at_ < limit_ && taken_.contains(at_)) ++at_;
  if (at_ >= limit_) return std::nullopt;
  taken_.insert(at_);
  return static_cast<std::uint32_t>(at_++);
}

}  // namespace overland::inventory
