#pragma once
// Between the model's prefixes and the address ranges nf_tables keeps in its interval sets.

#include <vector>

#include "firewall/nft/dump.h"
#include "model/address.h"

namespace overland::firewall::nft {

/// IPv4 prefixes only; one range each, sorted. Contained and neighbouring prefixes are merged
/// first, as an interval set refuses overlaps.
std::vector<Range> ranges_of(const std::vector<model::Prefix>& prefixes);
/// The smallest sorted list of prefixes that covers exactly `ranges`.
std::vector<model::Prefix> prefixes_of(const std::vector<Range>& ranges);
/// What turns one sorted list into the other.
template <typename T>
struct Delta {
  std::vector<T> gone;
  std::vector<T> added;
};

template <typename T>
Delta<T> delta(const std::vector<T>& from, const std::vector<T>& to);

}  // namespace overland::firewall::nft

#include <algorithm>
#include <iterator>

template <typename T>
overland::firewall::nft::Delta<T> overland::firewall::nft::delta(const std::vector<T>& from,
                                                                 const std::vector<T>& to) {
  Delta<T> result;
  std::set_difference(from.begin(), from.end(), to.begin(), to.end(),
                      std::back_inserter(result.gone));
  std::set_difference(to.begin(), to.end(), from.begin(), from.end(),
                      std::back_inserter(result.added));
  return result;
}
