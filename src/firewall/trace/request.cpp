#include "firewall/trace/request.h"

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "firewall/trace/outer_ways.h"

namespace overland::firewall::trace {
namespace {

using Json = nlohmann::json;
using model::Finding;
using model::FirewallPolicy;
using model::FirewallVariant;
using model::Severity;

std::string text_of(const std::string& name) { return name; }
std::string text_of(const model::Prefix& prefix) { return prefix.to_string(); }

template <typename Item>
void put(std::vector<std::string>& arguments, const char* key, const std::vector<Item>& items) {
  for (std::size_t i = 0; i < items.size() && i < kMostTraced; ++i) {
    arguments.push_back(std::string(key) + "=" + text_of(items[i]));
  }
}

/// Of the link before: a list of its own, which may be empty.
void put(std::vector<std::string>& arguments, const char* key,
         const std::optional<std::vector<model::Prefix>>& list) {
  if (list && list->empty()) arguments.push_back(std::string(key) + "=");
  if (list) put(arguments, key, *list);
}

[[noreturn]] void refuse(const std::string& argument) {
  throw base::Error(base::ErrorKind::kUsage, "cannot understand the argument '" + argument + "'");
}

std::uint32_t number_of(const std::string& argument, const std::string& value) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) refuse(argument);
  return number;
}

model::Prefix prefix_of(const std::string& argument, const std::string& value) {
  const auto prefix = model::Prefix::parse(value);
  if (!prefix || prefix->family() != model::Family::kInet4) refuse(argument);
  return *prefix;
}

void take(const std::string& argument, const std::string& value,
          std::optional<std::vector<model::Prefix>>& list) {
  if (!list) list.emplace();
  if (!value.empty()) list->push_back(prefix_of(argument, value));
}

}  // namespace

std::vector<std::string> trace_arguments(const FirewallPolicy& policy) {
  std::vector<std::string> result = {
      policy.variant == FirewallVariant::kNft ? "variant=nft" : "variant=legacy",
      "mark=" + std::to_string(policy.mark)};
  if (policy.anchor == model::FirewallAnchor::kDockerNft) result.emplace_back("anchor=none");
  put(result, "bridge", policy.bridges);
  for (std::size_t i = 0; i < policy.ingress.size() && i < kMostTraced; ++i) {
    const model::Ingress& one = policy.ingress[i];
    result.push_back("link=" + one.link);
    put(result, "from-peer", one.subnets);
    put(result, "from-host", one.hosts);
    put(result, "from-transit", one.transit);
  }
  if (policy.tunnel) {
    result.push_back("tunnel=" + std::to_string(policy.tunnel->port));
    const auto& senders = policy.tunnel->senders;
    for (std::size_t i = 0; i < senders.size() && i < kMostTraced; ++i) {
      result.push_back("sender=" + model::Prefix(senders[i].outer, 32).to_string());
    }
  }
  put(result, "local", policy.local);
  put(result, "peer", policy.peer_subnets);
  put(result, "host", policy.peer_hosts);
  put(result, "transit", policy.transit);
  return result;
}

FirewallPolicy traced_policy(const std::vector<std::string>& arguments) {
  FirewallPolicy policy;
  for (const std::string& argument : arguments) {
    const std::size_t split = argument.find('=');
    if (split == std::string::npos) refuse(argument);
    const std::string key = argument.substr(0, split);
    const std::string value = argument.substr(split + 1);
    if (key == "variant" && (value == "nft" || value == "legacy")) {
      policy.variant = value == "nft" ? FirewallVariant::kNft : FirewallVariant::kLegacy;
    } else if (key == "anchor" && value == "none") {
      policy.anchor = model::FirewallAnchor::kDockerNft;
    } else if (key == "mark") {
      policy.mark = number_of(argument, value);
    } else if (key == "bridge") {
      policy.bridges.push_back(value);
    } else if (key == "link") {
      policy.ingress.push_back({value});
    } else if (key == "from-peer" && !policy.ingress.empty()) {
      take(argument, value, policy.ingress.back().subnets);
    } else if (key == "from-host" && !policy.ingress.empty()) {
      take(argument, value, policy.ingress.back().hosts);
    } else if (key == "from-transit" && !policy.ingress.empty()) {
      take(argument, value, policy.ingress.back().transit);
    } else if (key == "tunnel") {
      policy.tunnel.emplace().port = static_cast<std::uint16_t>(number_of(argument, value));
    } else if (key == "sender" && policy.tunnel) {
      policy.tunnel->senders.push_back({prefix_of(argument, value).network(), {}});
    } else if (key == "local") {
      policy.local.push_back(prefix_of(argument, value));
    } else if (key == "peer") {
      policy.peer_subnets.push_back(prefix_of(argument, value));
    } else if (key == "host") {
      policy.peer_hosts.push_back(prefix_of(argument, value));
    } else if (key == "transit") {
      policy.transit.push_back(prefix_of(argument, value));
    } else {
      refuse(argument);
    }
  }
  return policy;
}

std::string trace_answer(const std::vector<Finding>& found) {
  Json answer = Json::array();
  for (const Finding& one : found) {
    answer.push_back({{"certain", one.severity == Severity::kConflict},
                      {"advice", one.severity == Severity::kAdvice},
                      {"message", one.message},
                      {"remedy", one.remedy}});
  }
  return answer.dump();
}

std::vector<Finding> traced_answer(const std::string& text) {
  try {
    std::vector<Finding> found;
    for (const Json& one : Json::parse(text).get<std::vector<Json>>()) {
      const Severity doubtful = one.value("advice", false) ? Severity::kAdvice : Severity::kUntold;
      found.push_back({one.at("certain").get<bool>() ? Severity::kConflict : doubtful, "firewall",
                       one.at("message").get<std::string>(), one.at("remedy").get<std::string>()});
    }
    return found;
  } catch (const Json::exception& error) {
    throw base::Error(base::ErrorKind::kInvalid, "its answer cannot be understood");
  }
}

}  // namespace overland::firewall::trace
