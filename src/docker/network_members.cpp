#include "docker/network_members.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string_view>

#include "docker/api_json.h"
#include "model/address.h"

namespace overland::docker {
namespace {

using model::NetworkMember;
using nlohmann::json;

constexpr std::size_t kShortId = 12;  // digits; up to 24.0 Docker adds them to the aliases itself

/// Whether Docker made the MAC from the address, as it did up to 27: then who gets the address next
/// gets the same MAC.
bool made_from(const std::string& mac, const std::string& address) {
  const auto parsed = model::Address::parse(address);
  if (!parsed || parsed->family() != model::Family::kInet4) return false;
  const auto bytes = parsed->bytes();
  std::array<char, 18> text = {};
  std::snprintf(text.data(), text.size(), "02:42:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                bytes[3]);
  return mac == text.data();
}

/// nullptr where it is not on a network of that name.
const json* endpoint_of(const json& container, const std::string& network) {
  const json* settings = member(container, "NetworkSettings");
  const json* networks = settings == nullptr ? nullptr : member(*settings, "Networks");
  return networks == nullptr ? nullptr : member(*networks, network.c_str());
}

/// As RFC 3986 wants it in a query.
std::string escaped(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char byte : text) {
    const auto number = static_cast<unsigned char>(byte);
    const bool plain = std::isalnum(number) != 0 || byte == '-' || byte == '_' || byte == '.';
    if (plain) {
      result += byte;
    } else {
      (result += '%') += kDigits[number >> 4U];
      result += kDigits[number & 0xfU];
    }
  }
  return result;
}

std::string name_of(const json& entry, const std::string& id) {
  for (const json& name : list_of(entry, "Names")) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    // Of a link ("/a/b") the other container's.
    if (text.starts_with('/') && text.find('/', 1) == std::string::npos) return text.substr(1);
  }
  return id.substr(0, kShortId);
}

void read_endpoint(const json& endpoint, NetworkMember& into) {
  const json chosen = chosen_settings(endpoint, into.id);
  into.endpoint = chosen.dump();
  into.network = text_of(endpoint, "NetworkID");
  if (const json* own = member(chosen, "IPAMConfig")) {
    into.address = model::Address::parse(text_of(*own, "IPv4Address"));
  }
}

}  // namespace

std::vector<NetworkMember> members_of(const std::string& network, const Ask& ask) {
  const std::string filter = escaped(json::object({{"network", json::array({network})}}).dump());
  const json list =
      parse_answer(ask({"/containers/json?all=1&filters=" + filter}), "/containers/json");
  if (!list.is_array()) refuse("the answer to /containers/json is no list");
  std::vector<NetworkMember> members;
  for (const json& entry : list) {
    // The filter takes the beginning of an id, too.
    if (endpoint_of(entry, network) == nullptr) continue;
    const std::string id = text_of(entry, "Id");
    members.push_back({.id = id, .name = name_of(entry, id)});
    const json container = parse_answer(ask({"/containers/" + id + "/json"}), "/containers/ID");
    if (const json* endpoint = endpoint_of(container, network)) {
      read_endpoint(*endpoint, members.back());
    }
    const json* state = member(container, "State");
    members.back().running = state != nullptr && flag_of(*state, "Running");
  }
  std::ranges::sort(members, {}, &NetworkMember::name);
  return members;
}

std::vector<std::string> container_ids(const Ask& ask) {
  const json list = parse_answer(ask({"/containers/json?all=1"}), "/containers/json");
  if (!list.is_array()) refuse("the answer to /containers/json is no list");
  std::vector<std::string> ids;
  for (const json& entry : list) ids.push_back(text_of(entry, "Id"));
  std::ranges::sort(ids);
  return ids;
}

json chosen_settings(const json& endpoint, const std::string& container_id) {
  json chosen = json::object();
  for (const char* name : {"IPAMConfig", "Links", "DriverOpts", "GwPriority"}) {
    if (const json* value = member(endpoint, name)) chosen[name] = *value;
  }
  for (const json& alias : list_of(endpoint, "Aliases")) {
    if (alias != container_id.substr(0, kShortId)) chosen["Aliases"].push_back(alias);
  }
  const std::string mac = text_of(endpoint, "MacAddress");
  if (!mac.empty() && !made_from(mac, text_of(endpoint, "IPAddress"))) chosen["MacAddress"] = mac;
  return chosen;
}

void disconnect(const std::string& network_id, const NetworkMember& member, const Ask& ask) {
  const json body = {{"Container", member.id}, {"Force", true}};
  ask({"/networks/" + network_id + "/disconnect", "POST", body.dump()});
}

void connect(const std::string& network_id, const NetworkMember& member, const Ask& ask) {
  const json body = {{"Container", member.id},
                     {"EndpointConfig", parse_answer(member.endpoint, "an endpoint")}};
  ask({"/networks/" + network_id + "/connect", "POST", body.dump()});
}

}  // namespace overland::docker
