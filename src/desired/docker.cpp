#include "desired/docker.h"

#include <cstdint>
#include <cstdio>

namespace overland::desired {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// "0x200000/0x200000", as Docker's bridge-accept-fwmark takes it.
std::string mark_and_mask(std::uint32_t mark) {
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%x", mark);
  return std::string(hex) + "/" + hex;
}

}  // namespace

std::optional<model::DockerSettings> docker(const inventory::Host& host,
                                            const model::HostFacts& facts) {
  if (!host.bip) return std::nullopt;
  model::DockerSettings settings;
  settings.mode = host.docker.daemon_json;
  if (settings.mode == model::DaemonJsonMode::kOff) return settings;
  settings.bridge = host.docker.bridge;
  settings.address = host.bip;
  settings.keys["bip"] = quoted(host.bip->to_string());
  if (facts.firewall.docker_nft_backend) {
    // No DOCKER-USER there: Docker itself lets our mark through its forward drop, and leaves out
    // its raw drop, when told so. Every Docker with that backend knows both keys.
    settings.keys["bridge-accept-fwmark"] = quoted(mark_and_mask(host.firewall.mark));
    settings.keys["allow-direct-routing"] = "true";
  }
  return settings;
}

}  // namespace overland::desired
