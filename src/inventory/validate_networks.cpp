// Networks of Docker's: names, slots, and what is said of each without its hosts.

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "inventory/validate.h"

namespace overland::inventory {
namespace {

void check_network_names(const Draft& draft, Report& report) {
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const Network& network = draft.inventory.networks[i];
    if (network.name.empty()) continue;
    const auto [known, added] = first.emplace(network.name, i);
    if (!added) {
      report.add(Code::kDuplicateNetworkName, draft.networks[i].name,
                 "the network name " + quote(network.name) + " is taken already" +
                     in_line(draft, draft.networks[known->second].name),
                 "give every network a name of its own");
    }
    // dockerd sorts a container's networks by name for its default route.
    if (added && !network.internal && network.name < "bridge") {
      report.add(Code::kDefaultRoute, draft.networks[i].name,
                 "the name " + quote(network.name) +
                     " sorts before \"bridge\": a container on both has its default route here",
                 "choose a name that sorts after it, like \"net-" + network.name + "\"");
    }
  }
}

void check_slots(const Draft& draft, Report& report) {
  std::unordered_map<std::uint32_t, std::size_t> first;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const auto& slot = draft.inventory.hosts[i].slot;
    if (!slot) continue;
    const auto [known, added] = first.emplace(*slot, i);
    if (added) continue;
    report.add(Code::kDuplicateSlot, draft.hosts[i].slot,
               "slot " + std::to_string(*slot) + " is that of " + label(draft, known->second) +
                   " already" + in_line(draft, draft.hosts[known->second].slot),
               "give every host a slot of its own");
  }
}

/// Who loses its bip loses its part of all networks that name no hosts.
void check_unused_slots(const Draft& draft, Report& report) {
  bool unnamed = false;
  for (const NetworkPlaces& network : draft.networks) {
    unnamed = unnamed || (network.base_prefix && !network.parts);
  }
  if (!unnamed) return;
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const Host& host = draft.inventory.hosts[i];
    const bool said = draft.hosts[i].bip.line != 0;  // and wrong, perhaps
    if (!host.slot || host.networks || host.has_bridge() || said) continue;
    report.add(
        Code::kSlotUnused, draft.hosts[i].slot,
        label(draft, i) + " has a slot and no bip: networks with a pool or range leave it out",
        "give it a bip, name it in a network's hosts, or remove the slot");
  }
}

void check_joins(const Draft& draft, Report& report) {
  std::unordered_map<std::string, std::size_t> networks;
  bool all_names = true;
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    all_names = all_names && !draft.inventory.networks[i].name.empty();
    networks.emplace(draft.inventory.networks[i].name, i);
  }
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    const Network& network = draft.inventory.networks[i];
    for (std::size_t j = 0; j < network.join.size(); ++j) {
      const std::string& other = network.join[j];
      if (other == "docker0") continue;
      const auto found = networks.find(other);
      if (found == networks.end() && !all_names) continue;
      const bool bridge =
          found != networks.end() && found->second != i &&
          draft.inventory.networks[found->second].driver == model::NetworkDriver::kBridge;
      if (bridge) continue;
      report.add(Code::kJoin, draft.networks[i].join[j],
                 "join names " + quote(other) +
                     (found == networks.end() ? ", which is no network"
                      : found->second == i    ? ", the network itself"
                                              : ", which is no bridge"),
                 "name \"docker0\" or another network with driver = \"bridge\"");
    }
  }
}

void check_gateway(const Draft& draft, std::size_t index, Report& report) {
  const Network& network = draft.inventory.networks[index];
  const NetworkPlaces& places = draft.networks[index];
  const auto& address = places.gateway_address;
  if (address && (!places.subnet->contains(*address) || places.subnet->has_edge(*address))) {
    report.add(
        Code::kGatewayOutside, places.gateway,
        "gateway " + address->to_string() + " is no address of " + places.subnet->to_string(),
        "write the router's address in that subnet");
  }
  if (network.gateway != Gateway::kRouter || in_segments_subnet(draft, index)) return;
  report.add(Code::kNoGatewayRouter, places.gateway,
             "gateway is the router, and no segment has the subnet of " +
                 network_label(draft, index) + ", " + places.subnet->to_string(),
             "write the router's address");
}

void check_subnet(const Draft& draft, std::size_t index, Report& report) {
  const NetworkPlaces& places = draft.networks[index];
  check_gateway(draft, index, report);
  for (const auto& [address, at] : places.reserve) {
    if (places.subnet->contains(address)) continue;
    report.add(
        Code::kReserveOutside, at,
        "reserve has " + address.to_string() + ", which is not in " + places.subnet->to_string(),
        "remove it, or correct it");
  }
  if (places.base_prefix && !places.subnet->contains(*places.base_prefix)) {
    report.add(Code::kRangeOutside, places.base,
               "range " + places.base_prefix->to_string() + " lies outside " +
                   places.subnet->to_string() + ", the subnet of " + network_label(draft, index),
               "choose a part of that subnet which neither a router nor DHCP gives out");
  }
}

void warn_of_internal(const Draft& draft, Report& report) {
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    if (!draft.inventory.networks[i].internal) continue;
    report.add(Code::kInternal, draft.networks[i].internal,
               network_label(draft, i) + " is internal: no other host reaches it, nor it any",
               "remove internal where peers are to reach it");
  }
}

}  // namespace

void check_networks(const Draft& draft, Report& report) {
  check_slots(draft, report);
  check_unused_slots(draft, report);
  if (draft.networks.empty()) return;
  check_network_names(draft, report);
  check_joins(draft, report);
  warn_of_internal(draft, report);
  for (std::size_t i = 0; i < draft.networks.size(); ++i) {
    if (draft.networks[i].subnet) check_subnet(draft, i, report);
  }
}

}  // namespace overland::inventory
