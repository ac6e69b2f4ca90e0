#include "reconcile/saved_json.h"

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "reconcile/saved_bytes.h"
#include "reconcile/saved_networks.h"

namespace overland::reconcile {
namespace {

using Json = nlohmann::ordered_json;

/// Raised only where an older program would misread what stands there, not where it knows less.
constexpr int kVersion = 1;
constexpr std::array kMembers = {
    "version",   "hosts",       "bridge_subnets",  "subnets",       "generation",
    "inventory", "sysctls",     "daemon_keys",     "daemon_json",   "held_trust",
    "unread_by", "adopted",     "held_subnets",    "networks_made", "broken_networks",
    "moving",    "network_ids", "network_subnets", "closed_forward"};

Json optional_json(const std::optional<std::string>& value) {
  return value ? Json(text_of(*value)) : Json(nullptr);
}

std::optional<std::string> optional_bytes(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return bytes_of(value.get<std::string>());
}

Json replaced_json(const std::map<std::string, Replaced>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    auto& entry = object[text_of(name)] = {{"before", optional_json(value.before)},
                                           {"set", optional_json(value.set)}};
    if (!value.boot.empty()) entry["boot"] = text_of(value.boot);
  }
  return object;
}

std::map<std::string, Replaced> replaced_from(const Json& object) {
  std::map<std::string, Replaced> values;
  for (const auto& [name, value] : object.items()) {
    values[bytes_of(name)] = {optional_bytes(value.at("before")), optional_bytes(value.at("set")),
                              bytes_of(value.value("boot", ""))};
  }
  return values;
}

Json adopted_json(const std::vector<Adopted>& list) {
  Json array = Json::array();
  for (const auto& [route, boot] : list) {
    Json gateways = Json::array();
    for (const auto& gateway : route.gateways) gateways.push_back(gateway.to_string());
    Json entry = {{"destination", route.destination.to_string()},
                  {"metric", route.metric},
                  {"protocol", route.protocol},
                  {"type", route.type},
                  {"gateways", gateways},
                  {"link", text_of(route.link)},
                  {"boot", text_of(boot)}};
    if (route.source) entry["source"] = route.source->to_string();
    if (!route.metrics.empty()) entry["metrics"] = text_of(route.metrics);
    array.push_back(std::move(entry));
  }
  return array;
}

/// Throws kInvalid where it is none.
model::Address address_of(const Json& text) {
  const auto address = model::Address::parse(text.get<std::string>());
  if (!address) throw base::Error(base::ErrorKind::kInvalid, "no address");
  return *address;
}

std::vector<Adopted> adopted_from(const Json& array) {
  std::vector<Adopted> list;
  for (const auto& entry : array) {
    const auto destination = model::Prefix::parse(entry.at("destination").get<std::string>());
    if (!destination) throw base::Error(base::ErrorKind::kInvalid, "no network");
    Adopted one;
    one.route.destination = *destination;
    one.route.metric = entry.at("metric").get<std::uint32_t>();
    one.route.protocol = entry.at("protocol").get<std::uint8_t>();
    one.route.type = entry.at("type").get<std::uint8_t>();
    for (const auto& gateway : entry.at("gateways")) {
      one.route.gateways.push_back(address_of(gateway));
    }
    one.route.link = bytes_of(entry.at("link").get<std::string>());
    if (entry.contains("source")) one.route.source = address_of(entry.at("source"));
    one.route.metrics = bytes_of(entry.value("metrics", ""));
    one.boot = bytes_of(entry.at("boot").get<std::string>());
    list.push_back(std::move(one));
  }
  return list;
}

/// As overland 0.1 wrote them: a text a host.
Subnets subnets_from(const Json& list) {
  std::string text;
  for (const auto& line : list) text += line.get<std::string>() + "\n";
  return Subnets::parse(std::move(text));
}

/// What is deeper than anything we write is not kept, lest whoever walks through it runs out of
/// stack.
bool shallow(int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
  constexpr int kDeepest = 32;
  if (depth > kDeepest) throw base::Error(base::ErrorKind::kInvalid, "nested too deep");
  return true;
}

std::int64_t integer(const Json& value) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kLargest);
  if (!fits) throw base::Error(base::ErrorKind::kInvalid, "no whole number");
  return value.get<std::int64_t>();
}

Json prefixes_json(const std::vector<model::Prefix>& prefixes) {
  Json list = Json::array();
  for (const auto& prefix : prefixes) list.push_back(prefix.to_string());
  return list;
}

std::vector<model::Prefix> prefixes_from(const Json& list) {
  std::vector<model::Prefix> prefixes;
  for (const auto& text : list) {
    const auto prefix = model::Prefix::parse(text.get<std::string>());
    if (!prefix) throw base::Error(base::ErrorKind::kInvalid, "no prefix");
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

constexpr std::array kVariants = {std::pair("nft", model::FirewallVariant::kNft),
                                  std::pair("legacy", model::FirewallVariant::kLegacy)};

std::map<model::FirewallVariant, std::string> closed_from(const Json& object) {
  std::map<model::FirewallVariant, std::string> closed;
  for (const auto& [name, variant] : kVariants) {
    if (object.contains(name)) closed[variant] = bytes_of(object.at(name).get<std::string>());
  }
  return closed;
}

SavedState members_of(const Json& document) {
  SavedState state;
  const auto with = [&](const char* name, auto use) {
    if (const auto found = document.find(name); found != document.end()) use(*found);
  };
  with("bridge_subnets",
       [&](const Json& value) { state.subnets = Subnets::parse(value.get<std::string>()); });
  // Where both stand, an older program was the last to write.
  with("subnets", [&](const Json& value) { state.subnets = subnets_from(value); });
  with("generation", [&](const Json& value) {
    if (!value.is_null()) state.generation = integer(value);
  });
  with("inventory", [&](const Json& value) { state.inventory_hash = value.get<std::string>(); });
  with("sysctls", [&](const Json& value) { state.sysctls = replaced_from(value); });
  with("daemon_keys", [&](const Json& value) { state.daemon_keys = replaced_from(value); });
  with("adopted", [&](const Json& value) { state.adopted = adopted_from(value); });
  with("daemon_json", [&](const Json& value) { state.daemon_json = optional_bytes(value); });
  with("held_subnets",
       [&](const Json& value) { state.held_subnets = Subnets::parse(value.get<std::string>()); });
  with("held_trust", [&](const Json& value) { state.held_trust = prefixes_from(value); });
  with("unread_by",
       [&](const Json& value) { state.unread_by = bytes_of(value.get<std::string>()); });
  with("networks_made", [&](const Json& value) { state.networks_made = value.get<bool>(); });
  with("closed_forward", [&](const Json& value) { state.closed_forward = closed_from(value); });
  with("broken_networks", [&](const Json& value) {
    for (const auto& [id, instance] : value.items()) {
      state.broken_networks[bytes_of(id)] = bytes_of(instance.get<std::string>());
    }
  });
  with("network_subnets", [&](const Json& value) {
    state.network_subnets = Subnets::parse(value.get<std::string>());
  });
  with("moving", [&](const Json& value) { state.moving = moving_from(value); });
  with("network_ids", [&](const Json& value) { state.network_ids = ids_from(value); });
  Json unknown = Json::object();
  for (const auto& [name, value] : document.items()) {
    const bool known = std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end();
    if (!known) unknown[name] = value;
  }
  if (!unknown.empty()) state.unknown = unknown.dump();
  return state;
}

}  // namespace

std::string to_text(const SavedState& state) {
  Json document = {
      {"version", kVersion},
      {"hosts", state.subnets.size()},  // overland 0.1 counted them, and reads no file without
      {"bridge_subnets", state.subnets.text()},
      {"generation", state.generation ? Json(*state.generation) : Json(nullptr)},
      {"inventory", state.inventory_hash},
      {"sysctls", replaced_json(state.sysctls)},
      {"daemon_keys", replaced_json(state.daemon_keys)},
      {"daemon_json", optional_json(state.daemon_json)},
      {"unread_by", text_of(state.unread_by)},
  };
  if (!state.held_subnets.empty()) document["held_subnets"] = state.held_subnets.text();
  if (state.held_trust) document["held_trust"] = prefixes_json(*state.held_trust);
  if (state.networks_made) document["networks_made"] = true;
  for (const auto& [id, instance] : state.broken_networks) {
    document["broken_networks"][text_of(id)] = text_of(instance);
  }
  if (!state.network_subnets.empty()) document["network_subnets"] = state.network_subnets.text();
  if (!state.moving.empty()) document["moving"] = moving_json(state.moving);
  if (!state.network_ids.empty()) document["network_ids"] = ids_json(state.network_ids);
  for (const auto& [name, variant] : kVariants) {
    const auto closed = state.closed_forward.find(variant);
    if (closed == state.closed_forward.end()) continue;
    document["closed_forward"][name] = text_of(closed->second);
  }
  if (!state.adopted.empty()) document["adopted"] = adopted_json(state.adopted);
  if (!state.unknown.empty()) document.update(Json::parse(state.unknown));
  return document.dump(2) + "\n";
}

Understood from_text(std::string_view text) {
  try {
    const Json document = Json::parse(text, shallow);
    const auto version = integer(document.at("version"));
    if (version != kVersion) {
      const std::string label = std::to_string(version);
      return {{}, "has the unknown version " + label, label};
    }
    return {members_of(document), {}, {}};
  } catch (const Json::exception&) {  // its words quote bytes that no terminal should see
  } catch (const base::Error&) {
  }
  return {{}, "is damaged", "damaged"};
}

}  // namespace overland::reconcile
