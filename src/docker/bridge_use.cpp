#include "docker/bridge_use.h"

#include <cstdint>
#include <limits>

#include "docker/api_json.h"

namespace overland::docker {

using nlohmann::json;

BridgeUse parse_bridge(const std::string& text) {
  const json network = parse_answer(text, "/networks/bridge");
  BridgeUse use;
  if (const json* ipam = member(network, "IPAM")) {
    for (const json& config : list_of(*ipam, "Config")) {
      const std::string range = text_of(config, "IPRange");
      if (const auto prefix = model::InterfaceAddress::parse(range)) use.range = prefix->prefix();
      const json* reserved = member(config, "AuxiliaryAddresses");
      if (reserved == nullptr) continue;
      for (const auto& [name, value] : reserved->items()) {
        if (!value.is_string()) continue;
        if (const auto one = model::Address::parse(value.get<std::string>())) {
          use.reserved.push_back(*one);
        }
      }
    }
  }
  const json* containers = member(network, "Containers");
  if (containers == nullptr) return use;
  for (const auto& [id, entry] : containers->items()) {
    const auto address = model::InterfaceAddress::parse(text_of(entry, "IPv4Address"));
    if (address) use.containers.push_back({id, text_of(entry, "Name"), address->address, 0});
  }
  return use;
}

int parse_pid(const std::string& text) {
  const json container = parse_answer(text, "/containers");
  const json* state = member(container, "State");
  if (state == nullptr || !flag_of(*state, "Running") || flag_of(*state, "Paused")) return 0;
  const json* pid = member(*state, "Pid");
  if (pid == nullptr || !pid->is_number_integer()) return 0;
  const auto number = pid->get<std::int64_t>();
  return number > 0 && number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
}

}  // namespace overland::docker
