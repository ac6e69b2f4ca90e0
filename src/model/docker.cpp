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

struct OptionMinimum {
  std::string_view option;
  Version since;
};

// The first release whose libnetwork/drivers knows it; {0, 0}: older than every supported one.
constexpr std::array<OptionMinimum, 11> kOptions = {{
    {"com.docker.network.bridge.enable_icc", {}},
    {"com.docker.network.bridge.enable_ip_masquerade", {}},
    {"com.docker.network.bridge.gateway_mode_ipv4", {27, 0}},
    {"com.docker.network.bridge.gateway_mode_ipv6", {27, 0}},
    {"com.docker.network.bridge.host_binding_ipv4", {}},
    {"com.docker.network.bridge.inhibit_ipv4", {20, 10}},
    {"com.docker.network.bridge.trusted_host_interfaces", {28, 2}},
    {"com.docker.network.container_iface_prefix", {}},
    {"com.docker.network.driver.mtu", {}},
    {"ipvlan_flag", {20, 10}},
    {"macvlan_mode", {}},
}};

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

std::vector<Network> our_networks(const std::vector<DockerNetwork>& networks) {
  std::vector<Network> result;
  for (const auto& network : networks) {
    if (network.ours) result.push_back(*network.ours);
  }
  return result;
}

std::string option_fault(std::string_view version, const std::string& option,
                         const std::string& value) {
  const auto* known = std::ranges::find(kOptions, option, &OptionMinimum::option);
  if (known == kOptions.end()) return "is none that overland knows the driver to have";
  Version since = known->since;
  if (value == "nat-unprotected" || value == "isolated") since = std::max(since, Version{28, 0});
  const std::optional<Version> found = parse_version(version);
  if (found && *found >= since) return {};
  const std::string what = found ? "is ignored by Docker " + std::string(version)
                                 : "may be ignored by this Docker, whose version is not known";
  return what + ": it came with " + std::to_string(since.major) + "." + std::to_string(since.minor);
}

bool docker_knows_l3s(std::string_view version) {
  const std::optional<Version> found = parse_version(version);
  return found && found->major >= 23;
}

bool docker_shares_parents(std::string_view version) {
  const std::optional<Version> found = parse_version(version);
  return found && found->major >= 28;
}

}  // namespace overland::model
