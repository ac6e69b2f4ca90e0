#include "docker/network_spec.h"

#include <algorithm>

#include "base/error.h"
#include "docker/api_json.h"
#include "model/ownership.h"

namespace overland::docker {
namespace {

using model::Network;
using model::NetworkDriver;
using nlohmann::json;

constexpr const char* kBridgeName = "com.docker.network.bridge.name";

std::optional<NetworkDriver> driver_of(const std::string& name) {
  for (const auto driver :
       {NetworkDriver::kBridge, NetworkDriver::kMacvlan, NetworkDriver::kIpvlan}) {
    if (name == name_of(driver)) return driver;
  }
  return std::nullopt;
}

/// Throws json::exception or base::Error where the text is none of spec_text().
Network network_from(const std::string& text) {
  const json spec = parse_answer(text, "our label");
  Network network;
  if (spec.contains("range")) {
    network.range = model::Prefix::parse(spec.at("range").get<std::string>());
  }
  if (spec.contains("gateway")) {
    network.gateway = model::Address::parse(spec.at("gateway").get<std::string>());
  }
  for (const json& one : spec.value("reserved", json::array())) {
    if (const auto address = model::Address::parse(one.get<std::string>())) {
      network.reserved.push_back(*address);
    }
  }
  network.mode = spec.value("mode", "");
  network.options = spec.value("options", json::object()).get<std::map<std::string, std::string>>();
  return network;
}

Network from_label(const std::string& text) {
  try {
    return network_from(text);
  } catch (const json::exception&) {  // of another shape
  } catch (const base::Error&) {      // no JSON
  }
  return {};
}

/// All that the driver is given.
std::map<std::string, std::string> driver_options(const Network& network) {
  auto options = network.options;
  if (!network.link.empty()) options[kBridgeName] = network.link;
  if (!network.parent.empty()) options["parent"] = network.parent;
  if (!network.mode.empty()) options["ipvlan_mode"] = network.mode;
  return options;
}

json addresses_of(const Network& network) {
  json config = {{"Subnet", network.subnet.to_string()}};
  if (network.range) config["IPRange"] = network.range->to_string();
  if (network.gateway) config["Gateway"] = network.gateway->to_string();
  for (std::size_t i = 0; i < network.reserved.size(); ++i) {
    config["AuxiliaryAddresses"]["reserved-" + std::to_string(i + 1)] =
        network.reserved[i].to_string();
  }
  return config;
}

/// How addresses are given out as Docker says, whatever the label does: somebody may have made it
/// anew by hand. A gateway that we did not ask for is Docker's choice, which some versions leave
/// out.
void read_addresses(const json& entry, Network& network) {
  const json* ipam = member(entry, "IPAM");
  if (ipam == nullptr || list_of(*ipam, "Config").size() != 1) return;
  const json& config = list_of(*ipam, "Config").front();
  network.subnet = model::Prefix::parse(text_of(config, "Subnet")).value_or(model::Prefix());
  network.range = model::Prefix::parse(text_of(config, "IPRange"));
  const auto gateway = model::Address::parse(text_of(config, "Gateway"));
  if (network.gateway && gateway) network.gateway = gateway;
  network.reserved.clear();
  if (const json* reserved = member(config, "AuxiliaryAddresses")) {
    for (const auto& [name, one] : reserved->items()) {
      if (!one.is_string()) continue;
      if (const auto address = model::Address::parse(one.get<std::string>())) {
        network.reserved.push_back(*address);
      }
    }
  }
  std::ranges::sort(network.reserved);
}

std::string option_of(const json& entry, const char* name) {
  const json* options = member(entry, "Options");
  return options == nullptr ? "" : text_of(*options, name);
}

}  // namespace

std::string spec_text(const Network& network) {
  json spec = {{"driver", name_of(network.driver)}, {"subnet", network.subnet.to_string()}};
  if (network.range) spec["range"] = network.range->to_string();
  if (network.gateway) spec["gateway"] = network.gateway->to_string();
  for (const auto& address : network.reserved) spec["reserved"].push_back(address.to_string());
  if (!network.mode.empty()) spec["mode"] = network.mode;
  if (!network.options.empty()) spec["options"] = network.options;
  return spec.dump();
}

std::string create_body(const Network& network) {
  const json body = {
      {"Name", network.name},
      {"CheckDuplicate", true},  // 20.10 would make a second one of that name
      {"Driver", name_of(network.driver)},
      {"Internal", network.internal},
      {"IPAM", {{"Driver", "default"}, {"Config", json::array({addresses_of(network)})}}},
      {"Options", driver_options(network)},
      {"Labels", {{std::string(model::kNetworkLabel), spec_text(network)}}}};
  return body.dump();
}

std::string create_body_like(const json& network) {
  json body = {{"CheckDuplicate", true}};
  for (const char* name : {"Name", "Driver", "Internal", "Attachable", "EnableIPv4", "EnableIPv6",
                           "IPAM", "Options", "Labels"}) {
    if (const json* value = member(network, name)) body[name] = *value;
  }
  return body.dump();
}

std::optional<Network> ours(const json& entry) {
  const json* labels = member(entry, "Labels");
  const std::string label(model::kNetworkLabel);
  if (labels == nullptr || member(*labels, label.c_str()) == nullptr) return std::nullopt;
  const auto driver = driver_of(text_of(entry, "Driver"));
  if (!driver) return std::nullopt;
  Network network = from_label(text_of(*labels, label.c_str()));
  network.name = text_of(entry, "Name");
  network.driver = *driver;
  network.subnet = {};
  read_addresses(entry, network);
  for (auto& [name, value] : network.options) value = option_of(entry, name.c_str());
  network.link = option_of(entry, kBridgeName);
  network.parent = option_of(entry, "parent");
  network.internal = flag_of(entry, "Internal");
  return network;
}

}  // namespace overland::docker
