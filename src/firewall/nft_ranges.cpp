#include "firewall/nft_ranges.h"

#include <bit>
#include <cstdint>
#include <optional>

namespace overland::firewall {
namespace {

using model::Address;
using model::Prefix;

std::string dotted(std::uint32_t address) { return Address::from_ipv4(address).to_string(); }

/// The length of the prefix that is exactly this range; nullopt where none is.
std::optional<std::uint8_t> length_of(const NftRange& range) {
  const std::uint32_t size_minus_one = range.last - range.first;
  const bool power = (size_minus_one & (size_minus_one + 1)) == 0;
  if (!power || (range.first & size_minus_one) != 0) return std::nullopt;
  return static_cast<std::uint8_t>(32 - std::popcount(size_minus_one));
}

std::optional<std::uint32_t> number_of(const nlohmann::json& text) {
  if (!text.is_string()) return std::nullopt;
  const auto address = Address::parse(text.get_ref<const std::string&>());
  if (!address || address->family() != model::Family::kInet4) return std::nullopt;
  return address->ipv4();
}

}  // namespace

std::vector<NftRange> ranges_of(const std::vector<Prefix>& prefixes) {
  std::vector<NftRange> result;
  result.reserve(prefixes.size());
  for (const Prefix& prefix : model::aggregate(prefixes)) {
    if (prefix.family() != model::Family::kInet4) continue;
    result.push_back({prefix.network().ipv4(), prefix.last().ipv4()});
  }
  return result;
}

std::vector<Prefix> prefixes_of(const std::vector<NftRange>& ranges) {
  std::vector<Prefix> result;
  result.reserve(ranges.size());
  for (const NftRange& range : ranges) {
    // 64 bits, so that the step past 255.255.255.255 ends the loop.
    std::uint64_t first = range.first;
    while (first <= range.last) {
      int bits = first == 0 ? 32 : std::countr_zero(static_cast<std::uint32_t>(first));
      while (first + (std::uint64_t{1} << static_cast<unsigned>(bits)) - 1 > range.last) --bits;
      result.emplace_back(Address::from_ipv4(static_cast<std::uint32_t>(first)),
                          static_cast<std::uint8_t>(32 - bits));
      first += std::uint64_t{1} << static_cast<unsigned>(bits);
    }
  }
  return model::aggregate(std::move(result));
}

nlohmann::json element_of(const NftRange& range) {
  if (range.first == range.last) return dotted(range.first);
  if (const auto length = length_of(range)) {
    return {{"prefix", {{"addr", dotted(range.first)}, {"len", *length}}}};
  }
  return {{"range", nlohmann::json::array({dotted(range.first), dotted(range.last)})}};
}

std::optional<NftRange> range_of(const nlohmann::json& element) {
  if (const auto address = number_of(element)) return NftRange{*address, *address};
  if (!element.is_object()) return std::nullopt;
  if (const auto found = element.find("prefix"); found != element.end() && found->is_object()) {
    const auto address = number_of(found->value("addr", nlohmann::json()));
    const auto length = found->find("len");
    if (!address || length == found->end() || !length->is_number_unsigned()) return std::nullopt;
    if (length->get<unsigned>() > 32) return std::nullopt;
    const Prefix prefix(Address::from_ipv4(*address), length->get<std::uint8_t>());
    return NftRange{prefix.network().ipv4(), prefix.last().ipv4()};
  }
  if (const auto found = element.find("range"); found != element.end() && found->is_array()) {
    if (found->size() != 2) return std::nullopt;
    const auto first = number_of(found->at(0));
    const auto last = number_of(found->at(1));
    if (!first || !last || *first > *last) return std::nullopt;
    return NftRange{*first, *last};
  }
  return std::nullopt;
}

}  // namespace overland::firewall
