#include "init/found.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/printable.h"
#include "init/sections.h"

namespace overland::init {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostAddresses = 4096;  // each is compared with each

/// Discarded where it is none.
Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<std::uint64_t> number_of(const Json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

/// An empty list where there is no such one.
const Json& list_of(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNone;
}

const Json& table_of(const Json& object, const char* key) {
  static const Json kNone = Json::object();
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kNone;
}

std::optional<model::Address> address_of(const std::string& text) {
  const auto address = model::Address::parse(text);
  return address && address->family() == model::Family::kInet4 ? address : std::nullopt;
}

std::optional<model::InterfaceAddress> bip_of(const std::string& text) {
  const auto bip = model::InterfaceAddress::parse(text);
  return bip && bip->address.family() == model::Family::kInet4 ? bip : std::nullopt;
}

std::optional<model::Prefix> prefix_of(const std::string& text) {
  if (text == "default") return model::Prefix();
  if (const auto address = address_of(text)) return model::Prefix(*address);
  const auto with_length = bip_of(text);
  if (!with_length) return std::nullopt;
  return with_length->prefix();
}

FoundLink read_link(const Json& one) {
  FoundLink link;
  link.name = text_of(one, "ifname");
  link.parent = text_of(one, "link");
  const Json& info = table_of(one, "linkinfo");
  link.kind = text_of(info, "info_kind");
  const auto id = number_of(table_of(info, "info_data"), "id");
  if (link.kind == "vlan" && id && *id < 4095) link.vlan = static_cast<std::uint16_t>(*id);
  for (const Json& address : list_of(one, "addr_info")) {
    const auto length = number_of(address, "prefixlen");
    if (text_of(address, "family") != "inet" || !length || *length > 32) continue;
    const auto read = address_of(text_of(address, "local"));
    if (read && text_of(address, "scope") == "global") {
      link.addresses.push_back({*read, static_cast<std::uint8_t>(*length)});
    }
  }
  return link;
}

void read_routes(const std::string& text, Found& found) {
  const Json routes = parsed(text);
  if (!routes.is_array()) return;
  for (const Json& one : routes) {
    const auto destination = prefix_of(text_of(one, "dst"));
    if (!destination) continue;
    const Json& hops = list_of(one, "nexthops");
    const Json& hop = hops.empty() ? one : hops.front();
    found.routes.push_back({*destination, address_of(text_of(hop, "gateway")), text_of(hop, "dev"),
                            text_of(one, "protocol") == "kernel"});
  }
}

void read_daemon_json(const std::string& text, Found& found) {
  if (text.empty()) return;
  found.docker = true;
  const Json settings = parsed(text);
  if (!settings.is_object()) {
    found.unknown.emplace_back("its daemon.json is no JSON");
    return;
  }
  if (const auto bip = bip_of(text_of(settings, "bip"))) {
    found.bip = bip;
    found.bip_said = true;
  }
  found.bridge = text_of(settings, "bridge");
  for (const Json& pool : list_of(settings, "default-address-pools")) {
    if (const auto base = prefix_of(text_of(pool, "base"))) found.address_pools.push_back(*base);
  }
  for (const char* const key : {"cluster-store", "cluster-advertise", "cluster-store-opts"}) {
    if (!settings.contains(key)) continue;
    found.leftovers.push_back(std::string("the old overlay: daemon.json says ") + key +
                              ", with which today's dockerd does not start; remove it");
  }
}

/// Docker's options, wherever they stand.
void read_options(const std::string& text, const char* where, Found& found) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::erase_if(word, [](char c) { return c == '"' || c == '\''; });
    if (word.starts_with("--cluster-store") || word.starts_with("--cluster-advertise")) {
      found.leftovers.push_back("the old overlay: " + word.substr(2, word.find('=') - 2) + " in " +
                                where + ", with which today's dockerd does not start; remove it");
    }
    if (word.starts_with("--bridge=") || word.starts_with("-b=")) {
      found.bridge = word.substr(word.find('=') + 1);
    }
    if (word == "--bridge" || word == "-b") words >> found.bridge;
    if (!word.starts_with("--bip")) continue;
    std::string value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word == "--bip") words >> value;
    const auto bip = bip_of(value);
    if (!bip) continue;
    if (!found.bip_said) found.bip = bip;
    found.bip_said = true;
    found.leftovers.push_back("--bip " + bip->to_string() + " in " + where +
                              ": overland writes bip to daemon.json, and dockerd refuses both; "
                              "remove the option before you apply");
  }
}

void read_networks(const std::string& text, Found& found) {
  const Json networks = parsed(text);
  if (!networks.is_array()) return;
  for (const Json& one : networks) {
    FoundNetwork network;
    network.name = text_of(one, "Name");
    network.driver = text_of(one, "Driver");
    const Json& options = table_of(one, "Options");
    network.parent = text_of(options, "parent");
    network.link = text_of(options, "com.docker.network.bridge.name");
    const bool own = network.name == "bridge" || network.driver == "host" ||
                     network.driver == "null" || network.driver.empty();
    if (own) continue;
    for (const Json& config : list_of(table_of(one, "IPAM"), "Config")) {
      if (!network.subnet) network.subnet = prefix_of(text_of(config, "Subnet"));
    }
    found.networks.push_back(std::move(network));
  }
}

/// A name that an inventory takes.
bool is_link_name(const std::string& name) {
  constexpr std::size_t kLongest = 15;
  return !name.empty() && name.size() <= kLongest &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.');
         });
}

/// The bridge Docker is on, and what it says of Docker.
void read_bridge(Found& found) {
  const std::string name = found.bridge.empty() ? "docker0" : found.bridge;
  found.docker = found.docker || found.bridge == "none";
  const auto link = std::find_if(found.links.begin(), found.links.end(),
                                 [&name](const FoundLink& one) { return one.name == name; });
  if (link != found.links.end() && is_link_name(name)) {
    found.docker = true;
    if (!link->addresses.empty()) found.bip = link->addresses.front();
  } else if (found.bridge != "none") {
    if (!found.bridge.empty()) {
      found.unknown.push_back("Docker was told to use the bridge \"" +
                              base::shorten(found.bridge, 60) + "\", which is not there");
    }
    found.bridge.clear();
  }
  if (found.bridge == "docker0") found.bridge.clear();
}

void read_leftovers(const std::string& forward, const std::string& nat, const std::string& flannel,
                    Found& found) {
  const auto has_link = [&found](std::string_view name) {
    return std::any_of(found.links.begin(), found.links.end(), [name](const FoundLink& link) {
      return link.name == name ||
             (name.ends_with('*') && link.name.starts_with(name.substr(0, name.size() - 1)));
    });
  };
  if (!flannel.empty() || has_link("flannel*")) {
    found.leftovers.emplace_back(
        "flannel: stop it and remove its link once overland has been applied on every host; its "
        "subnets are leases and may change until then");
  }
  if (has_link("weave")) {
    found.leftovers.emplace_back(
        "weave: its containers have a second address there; remove it (weave reset) once nothing "
        "uses that");
  }
  if (nat.find("MASQUERADE") != std::string::npos && nat.find("! -d") != std::string::npos) {
    found.leftovers.emplace_back(
        "a MASQUERADE rule with an exception for containers, as the published recipe has it: "
        "overland keeps sources itself; see the conflicts of overland plan");
  }
  if (forward.find("-P FORWARD ACCEPT") != std::string::npos) {
    found.leftovers.emplace_back(
        "the policy of FORWARD is ACCEPT: whoever routes through this host reaches its containers");
  }
}

}  // namespace

Found read_found(std::string_view said) {
  auto parts = read_sections(said);
  Found found;
  found.name = parts["hostname"].substr(0, parts["hostname"].find('\n'));
  const Json addresses = parsed(parts["addresses"]);
  if (!addresses.is_array() || addresses.empty()) {
    throw base::Error(base::ErrorKind::kInvalid,
                      "ip -j address did not answer there; install iproute2 4.18 or later");
  }
  std::size_t number = 0;
  for (const Json& one : addresses) {
    found.links.push_back(read_link(one));
    number += found.links.back().addresses.size();
  }
  if (number > kMostAddresses) {
    throw base::Error(base::ErrorKind::kInvalid,
                      "it has more than " + std::to_string(kMostAddresses) + " addresses");
  }
  read_routes(parts["routes"], found);
  read_daemon_json(parts["daemon.json"], found);
  read_options(parts["dockerd"], "dockerd's options", found);
  read_options(parts["unit"], "docker.service", found);
  read_options(parts["options"], "the options of Docker's package", found);
  read_networks(parts["networks"], found);
  read_leftovers(parts["forward"], parts["nat"], parts["flannel"], found);
  read_bridge(found);
  found.docker = found.docker || !parts["dockerd"].empty() || !found.networks.empty();
  if (found.docker && parts["networks"].empty()) {
    found.unknown.emplace_back(
        "Docker was not asked for its networks: it does not run, or you may not ask it there");
  }
  std::sort(found.leftovers.begin(), found.leftovers.end());
  found.leftovers.erase(std::unique(found.leftovers.begin(), found.leftovers.end()),
                        found.leftovers.end());
  return found;
}

}  // namespace overland::init
