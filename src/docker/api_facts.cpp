#include "docker/api_facts.h"

#include <algorithm>
#include <sstream>

#include "docker/api_json.h"
#include "docker/network_spec.h"

namespace overland::docker {
namespace {

using nlohmann::json;

/// Docker keeps a subnet as it was typed: "172.20.1.1/16" stands for 172.20.0.0/16.
void append_prefix(std::vector<model::Prefix>& prefixes, const std::string& text) {
  if (const auto address = model::InterfaceAddress::parse(text)) {
    prefixes.push_back(address->prefix());
  }
}

std::vector<model::Prefix> pools_of(const json& list) {
  std::vector<model::Prefix> pools;
  for (const json& pool : list) {
    std::string base = text_of(pool, "Base");        // /info
    if (base.empty()) base = text_of(pool, "base");  // daemon.json
    append_prefix(pools, base);
  }
  return pools;
}

/// br-<id>, unless the network was given a name for it: libnetwork/drivers/bridge.
std::string link_of(const json& network) {
  if (text_of(network, "Driver") != "bridge") return {};
  if (const json* options = member(network, "Options")) {
    std::string name = text_of(*options, "com.docker.network.bridge.name");
    if (!name.empty()) return name;
  }
  return "br-" + text_of(network, "Id").substr(0, 12);
}

/// Labels of libnetwork/drivers/bridge.
std::vector<std::string> open_from(const json& network) {
  const json* options = member(network, "Options");
  if (options == nullptr) return {};
  const std::string mode = text_of(*options, "com.docker.network.bridge.gateway_mode_ipv4");
  if (mode == "routed" || mode == "nat-unprotected") return {""};
  std::vector<std::string> links;
  std::istringstream list(text_of(*options, "com.docker.network.bridge.trusted_host_interfaces"));
  for (std::string link; std::getline(list, link, ':');) {
    if (!link.empty()) links.push_back(link);
  }
  std::ranges::sort(links);
  return links;
}

/// What was given, else the link without a wire that Docker makes: libnetwork/drivers/macvlan and
/// ipvlan, getDummyName().
std::string parent_of(const json& network) {
  const std::string driver = text_of(network, "Driver");
  if (driver != "macvlan" && driver != "ipvlan") return {};
  const json* options = member(network, "Options");
  std::string given = options == nullptr ? "" : text_of(*options, "parent");
  if (!given.empty()) return given;
  return (driver == "macvlan" ? "dm-" : "di-") + text_of(network, "Id").substr(0, 12);
}

model::DockerNetwork network_of(const json& entry) {
  model::DockerNetwork network;
  network.name = text_of(entry, "Name");
  network.link = link_of(entry);
  network.open_from = open_from(entry);
  network.id = text_of(entry, "Id");
  network.driver = text_of(entry, "Driver");
  network.ours = ours(entry);
  network.parent = parent_of(entry);
  if (const json* ipam = member(entry, "IPAM")) {
    for (const json& config : list_of(*ipam, "Config")) {
      append_prefix(network.subnets, text_of(config, "Subnet"));
    }
  }
  std::ranges::sort(network.subnets);
  return network;
}

}  // namespace

std::vector<model::Prefix> builtin_address_pools() {
  std::vector<model::Prefix> pools;
  for (const char* pool : {"172.17.0.0/16", "172.18.0.0/16", "172.19.0.0/16", "172.20.0.0/14",
                           "172.24.0.0/14", "172.28.0.0/14", "192.168.0.0/16"}) {
    append_prefix(pools, pool);
  }
  return pools;
}

std::vector<model::Prefix> parse_address_pools(const std::string& json_text) {
  const json list = parse_answer(json_text, "default-address-pools");
  if (!list.is_array()) refuse("default-address-pools is no list");
  return pools_of(list);
}

void read_info(const std::string& json_text, model::DockerFacts& facts) {
  const json info = parse_answer(json_text, "/info");
  facts.version = text_of(info, "ServerVersion");
  facts.live_restore = flag_of(info, "LiveRestoreEnabled");
  if (const json* backend = member(info, "FirewallBackend")) {
    facts.firewall_backend = text_of(*backend, "Driver");
  }
  facts.address_pools = pools_of(list_of(info, "DefaultAddressPools"));
  if (facts.address_pools.empty()) facts.address_pools = builtin_address_pools();
}

std::vector<model::DockerNetwork> parse_networks(const std::string& json_text) {
  const json list = parse_answer(json_text, "/networks");
  if (!list.is_array()) refuse("the answer to /networks is no list");
  std::vector<model::DockerNetwork> networks;
  for (const json& entry : list) {
    const std::string driver = text_of(entry, "Driver");
    if (driver == "host" || driver == "null" || text_of(entry, "Name") == "bridge") continue;
    networks.push_back(network_of(entry));
  }
  std::ranges::sort(networks);
  return networks;
}

}  // namespace overland::docker
