#include "firewall/nft/address_sets.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

/// Up to here the intervals are found about as fast, and read better in a listing.
constexpr std::size_t kFewRanges = 32;
/// Every set asked in vain costs a quarter of what a search among ten thousand intervals does.
constexpr std::size_t kMostSets = 3;
/// How many elements a prefix may become on average where it is split into longer ones.
constexpr std::uint64_t kSplit = 4;

constexpr std::uint8_t kLongest = 32;
using Counts = std::array<std::uint64_t, kLongest + 1>;  // of prefixes, by length
using Lengths = std::vector<std::uint8_t>;               // longest first

/// Elements it takes to hold prefixes of these lengths in sets of `lengths`.
std::uint64_t elements(const Counts& counts, const Lengths& lengths) {
  std::uint64_t total = 0;
  auto length = lengths.begin();
  for (std::uint8_t of = kLongest; of > 0; --of) {
    if (counts.at(of) == 0) continue;
    while (length + 1 != lengths.end() && *(length + 1) >= of) ++length;
    total += counts.at(of) << static_cast<unsigned>(*length - of);
  }
  return total;
}

/// The best `number` lengths that begin with `chosen`; the shorter list where there are no more.
Lengths best_of(const Counts& counts, const Lengths& chosen, std::size_t number) {
  Lengths best = chosen;
  if (chosen.size() == number) return best;
  for (auto next = static_cast<std::uint8_t>(chosen.back() - 1); next > 0; --next) {
    if (counts.at(next) == 0) continue;
    Lengths more = chosen;
    more.push_back(next);
    Lengths whole = best_of(counts, more, number);
    if (elements(counts, whole) < elements(counts, best)) best = std::move(whole);
  }
  return best;
}

/// Lengths of the hash sets to use; empty where an interval set serves better.
Lengths hash_lengths(const std::vector<model::Prefix>& prefixes) {
  Counts counts = {};
  for (const model::Prefix& prefix : prefixes) ++counts.at(prefix.length());
  if (prefixes.size() <= kFewRanges || counts[0] != 0) return {};
  std::uint8_t longest = kLongest;
  while (counts.at(longest) == 0) --longest;
  for (std::size_t number = 1; number <= kMostSets; ++number) {
    Lengths lengths = best_of(counts, {longest}, number);
    if (elements(counts, lengths) <= kSplit * prefixes.size()) return lengths;
  }
  return {};
}

/// Appends `prefix` as network addresses of `length`.
void split(const model::Prefix& prefix, std::uint8_t length, std::vector<Range>& ranges) {
  const std::uint32_t last_of_first = UINT32_MAX >> (length - 1U) >> 1U;
  const std::uint32_t first = prefix.network().ipv4();
  const std::uint32_t count = std::uint32_t{1} << static_cast<unsigned>(length - prefix.length());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t network = first + i * (last_of_first + 1);
    ranges.push_back({network, network + last_of_first});
  }
}

std::vector<AddressSet> hash_sets(const std::string& list, const Lengths& lengths,
                                  const std::vector<model::Prefix>& prefixes) {
  std::vector<AddressSet> sets;
  for (const std::uint8_t length : lengths) {
    sets.push_back({list + "-" + std::to_string(length), length, {}});
  }
  for (const model::Prefix& prefix : prefixes) {
    // The shortest that is long enough: the last of them.
    const auto fits = [&](const AddressSet& set) { return *set.length >= prefix.length(); };
    const auto set = std::find_if(sets.rbegin(), sets.rend(), fits);
    split(prefix, *set->length, set->ranges);
  }
  return sets;
}

}  // namespace

std::vector<AddressSet> address_sets(const std::string& list,
                                     const std::vector<model::Prefix>& prefixes) {
  std::vector<model::Prefix> own;
  std::copy_if(prefixes.begin(), prefixes.end(), std::back_inserter(own),
               [](const auto& prefix) { return prefix.family() == model::Family::kInet4; });
  own = model::aggregate(std::move(own));
  const Lengths lengths = hash_lengths(own);
  if (lengths.empty()) return {{list, std::nullopt, ranges_of(own)}};
  return hash_sets(list, lengths, own);
}

std::optional<std::uint8_t> length_of(std::string_view set) {
  const std::size_t dash = set.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const char* end = set.data() + set.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(set.data() + dash + 1, end, length);
  if (error != std::errc() || stop != end || length == 0 || length > kLongest) return std::nullopt;
  return static_cast<std::uint8_t>(length);
}

std::string list_of(std::string_view set) {
  return std::string(length_of(set) ? set.substr(0, set.rfind('-')) : set);
}

}  // namespace overland::firewall::nft
