#include "model/docker.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace overland::model {
namespace {

struct Version {
  int major = 0;
  int minor = 0;

  auto operator<=>(const Version&) const = default;
};

struct KeyMinimum {
  std::string_view key;
  Version since;
};

// The first release whose daemon/config/config.go (github.com/moby/moby) has the key.
constexpr std::array<KeyMinimum, 2> kMinimums = {
    {{"allow-direct-routing", {28, 2}}, {"bridge-accept-fwmark", {29, 0}}}};

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

}  // namespace

bool docker_accepts_key(std::string_view version, std::string_view key) {
  const auto minimum = std::ranges::find(kMinimums, key, &KeyMinimum::key);
  if (minimum == kMinimums.end()) return true;
  const std::optional<Version> found = parse_version(version);
  return found && *found >= minimum->since;
}

}  // namespace overland::model
