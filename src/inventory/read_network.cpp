// One [[network]] of the file: what all drivers have, and bridges.

#include <algorithm>
#include <array>

#include "inventory/network_reader.h"

namespace overland::inventory {
namespace {

// IsPreDefinedNetwork() of github.com/moby/moby runconfig, what swarm makes, and docker0, which
// `join` means Docker's default bridge by.
constexpr std::array<std::string_view, 7> kTakenNames = {
    "bridge", "host", "none", "default", "ingress", "docker_gwbridge", "docker0"};

constexpr std::array<std::string_view, 4> kOwnOptions = {"com.docker.network.bridge.name", "parent",
                                                         "macvlan_mode", "ipvlan_mode"};

constexpr std::string_view kGatewayMode = "com.docker.network.bridge.gateway_mode_ipv4";

}  // namespace

NetworkReader::NetworkReader(toml::table& table, const SegmentIndex& segments, Draft& draft,
                             Report& report)
    : fields_(table, "[[network]]", kNetworkKeys, report),
      segments_(segments),
      network_(draft.inventory.networks.emplace_back()),
      places_(draft.networks.emplace_back()),
      report_(report),
      all_segment_names_(draft.all_segment_names) {
  network_.position = places_.name = fields_.at();
}

void NetworkReader::run() {
  read_name();
  const auto driver = read_driver();
  if (const auto maker = fields_.choice<model::NetworkMaker>("manage")) {
    network_.maker = maker->value;
  }
  if (const auto internal = fields_.flag("internal")) {
    network_.internal = internal->value;
    places_.internal = internal->at;
  }
  if (driver == model::NetworkDriver::kBridge) read_bridge();
  if (driver && network_.is_routed_ipvlan()) read_routed_ipvlan();
  if (driver && !network_.has_own_subnets()) read_macvlan();
  if (driver) read_link();
  if (driver) read_hosts();
  read_options();
  fields_.report_unknown();
}

void NetworkReader::read_name() {
  if (!fields_.require("name", "name = \"web\"")) return;
  auto name = fields_.text("name");
  if (!name) return;
  places_.name = name->at;
  if (!check_plain_name(*name, "the network's name", report_)) return;
  const char first = name->value.front();
  if (first == '-' || first == '_' || first == '.') {
    report_.add(Code::kNetworkName, name->at,
                "Docker takes no network name that begins with '" + std::string(1, first) + "'",
                "begin it with a letter or a digit");
  } else if (std::ranges::find(kTakenNames, name->value) != kTakenNames.end()) {
    report_.add(Code::kNetworkName, name->at, quote(name->value) + " is a network of Docker's own",
                "give the network another name");
  } else {
    network_.name = std::move(name->value);
  }
}

std::optional<model::NetworkDriver> NetworkReader::read_driver() {
  places_.complete = false;
  if (!fields_.require("driver", "driver = \"bridge\"")) return std::nullopt;
  const auto driver = fields_.choice<model::NetworkDriver>("driver");
  if (!driver) return std::nullopt;
  network_.driver = driver->value;
  places_.complete = true;
  if (driver->value == model::NetworkDriver::kIpvlan) read_mode();
  refuse_others_keys();
  return driver->value;
}

void NetworkReader::refuse_others_keys() {
  constexpr std::array<std::string_view, 1> kMode = {"mode"};
  constexpr std::array<std::string_view, 1> kJoin = {"join"};
  const std::string driver = name_of(network_.driver);
  if (network_.driver != model::NetworkDriver::kIpvlan) refuse_keys(kMode, "ipvlan", driver);
  if (network_.driver == model::NetworkDriver::kBridge) {
    refuse_keys(kMacvlanKeys, "macvlan", driver);
  } else if (network_.is_routed_ipvlan()) {
    refuse_keys(kRangeKeys, "macvlan", driver + " in mode " + network_.mode);
    refuse_keys(kJoin, "bridge", driver);
  } else {
    refuse_keys(kBridgeKeys, "bridge",
                driver + (network_.mode.empty() ? "" : " in mode " + network_.mode));
  }
}

void NetworkReader::read_bridge() {
  read_subnets();
  read_reach();
  bool complete = true;
  for (Text& text : fields_.texts("join", complete)) {
    network_.join.push_back(std::move(text.value));
    places_.join.push_back(text.at);
  }
}

void NetworkReader::read_subnets() {
  read_pieces("subnets", "subnets = { docker-200 = \"10.110.200.0/24\" }", "pool", "length");
}

void NetworkReader::read_reach() {
  if (const auto reach = fields_.choice<NetworkReach>("reach")) network_.reach = reach->value;
}

void NetworkReader::read_link() {
  const bool bridge = network_.driver == model::NetworkDriver::kBridge;
  const bool used = bridge ? !follows() : network_.shim;
  std::string& link = bridge ? network_.link : network_.shim_link;
  if (auto text = fields_.text("link"); text) {
    places_.link = text->at;
    places_.link_said = true;
    if (!used) {
      refuse_key("link", bridge ? "is chosen by who makes the network"
                                : "is the shim's, and there is none");
    } else if (check_interface_name(*text, "link", report_)) {
      link = std::move(text->value);
    }
    return;
  }
  places_.link = places_.name;
  if (!used || !absent("link") || network_.name.empty()) return;
  link = (bridge ? "br-" : "ovl-") + network_.name;
  if (link.size() <= kLongestInterface) return;
  report_.add(Code::kNetworkLink, places_.name,
              "the link " + quote(link) + " of network " + quote(network_.name) + " would have " +
                  std::to_string(link.size()) + " characters; the kernel allows 15",
              "add link = \"…\" with at most 15 characters");
  link.clear();
}

void NetworkReader::read_hosts() {
  if (!fields_.has("hosts") || places_.parts) return;
  bool complete = true;
  std::vector<HostPart> parts;
  for (Text& text : fields_.texts("hosts", complete)) {
    parts.push_back({std::move(text.value), text.at});
  }
  places_.complete = places_.complete && complete;
  places_.parts = std::move(parts);
}

void NetworkReader::read_options() {
  if (!fields_.has("options")) return;
  const bool complete = places_.complete;  // nothing of a host's part follows from options
  if (follows()) refuse_key("options", "is for networks that overland makes");
  read_table(
      "options", "\"com.docker.network.driver.mtu\" = \"1400\"",
      [&](std::string name, Position at, const Text& text) {
        if (std::ranges::find(kOwnOptions, name) != kOwnOptions.end()) {
          report_.add(Code::kNetworkOption, at,
                      "overland sets the option " + quote(name) + " itself",
                      "remove it; link and parent are keys of [[network]]");
        }
        if (name == kGatewayMode && (text.value == "routed" || text.value == "nat-unprotected")) {
          report_.add(Code::kOpenGatewayMode, at,
                      "gateway mode " + quote(text.value) +
                          ": Docker lets anybody who has a route to the containers in",
                      "remove the option; peers reach the containers without it");
        }
        network_.options.emplace(std::move(name), text.value);
      });
  places_.complete = complete;
}

void NetworkReader::refuse_key(std::string_view key, const std::string& why) {
  report_.add(Code::kNetworkKey, fields_.key_at(key), std::string(key) + " " + why,
              "remove " + std::string(key));
}

void NetworkReader::refuse_keys(std::span<const std::string_view> keys, const std::string& owner,
                                const std::string& driver) {
  for (const std::string_view key : keys) {
    if (fields_.has(key)) refuse_key(key, "is a key of driver " + owner + ", not of " + driver);
  }
}

bool NetworkReader::both(std::string_view one, std::string_view other) {
  if (!fields_.has(one) || !fields_.has(other)) return false;
  report_.add(Code::kNetworkTwoWays, fields_.key_at(other),
              std::string(other) + " stands beside " + std::string(one) + " (" +
                  report_.line(fields_.key_at(one)) + ")",
              "keep one of the two");
  places_.complete = false;
  return true;
}

void read_docker_network(toml::table& table, const SegmentIndex& segments, Draft& draft,
                         Report& report) {
  NetworkReader(table, segments, draft, report).run();
}

}  // namespace overland::inventory
