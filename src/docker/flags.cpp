#include "docker/flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

namespace overland::docker {
namespace {

struct Known {
  std::string_view name;
  bool boolean = false;  // takes no value of its own: `--name` or `--name=false`
};

// cmd/dockerd/config_unix.go and config.go of github.com/moby/moby.
constexpr std::array<Known, 14> kKnown = {{{"allow-direct-routing", true},
                                           {"bip"},
                                           {"bip6"},
                                           {"bridge"},
                                           {"bridge-accept-fwmark"},
                                           {"cluster-advertise"},
                                           {"cluster-store"},
                                           {"cluster-store-opt"},
                                           {"config-file"},
                                           {"default-address-pool"},
                                           {"firewall-backend"},
                                           {"ip-forward", true},
                                           {"ip-forward-no-drop", true},
                                           {"iptables", true}}};

// Of the one-letter flags only these take no value; the others end a cluster such as -Db.
constexpr std::string_view kBooleanLetters = "Dhv";

/// `-b br0`, `-bbr0`, `-b=br0`, `-Db br0`; sets `takes_next` where the value is the next argument.
std::optional<std::string> bridge_letter(std::string_view cluster, bool& takes_next) {
  for (std::size_t at = 0; at < cluster.size(); ++at) {
    if (kBooleanLetters.find(cluster[at]) != std::string_view::npos) continue;
    std::string_view value = cluster.substr(at + 1);
    takes_next = value.empty();
    if (value.starts_with('=')) value.remove_prefix(1);
    if (cluster[at] == 'b') return std::string(value);
    return std::nullopt;
  }
  return std::nullopt;
}

std::string unquote(std::string_view value) {
  const std::vector<std::string> words = split_words(value);
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
  // `A="--x  --y"` is one word, kept as it is; an unquoted value has no spaces worth keeping.
  return joined;
}

}  // namespace

std::string Flag::json() const {
  const auto known = std::ranges::find(kKnown, name, &Known::name);
  if (known != kKnown.end() && known->boolean) return value;
  // Bytes that are no UTF-8 would throw.
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::string> address_pools_of(const std::vector<Flag>& flags) {
  nlohmann::json pools = nlohmann::json::array();
  for (const Flag& flag : flags) {
    if (flag.name != "default-address-pool") continue;
    auto& pool = pools.emplace_back(nlohmann::json::object());  // "base=10.210.0.0/16,size=24"
    std::istringstream fields(flag.value);
    for (std::string field; std::getline(fields, field, ',');) {
      const std::size_t equals = std::min(field.find('='), field.size());
      const std::string value = field.substr(std::min(equals + 1, field.size()));
      int number = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
      const bool whole = read.ec == std::errc() && read.ptr == value.data() + value.size();
      pool[field.substr(0, equals)] = whole ? nlohmann::json(number) : nlohmann::json(value);
    }
  }
  if (pools.empty()) return std::nullopt;
  return pools.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<Flag> parse_flags(const std::vector<std::string>& arguments, const std::string& where) {
  std::vector<Flag> flags;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--") break;
    if (!argument.starts_with('-') || argument == "-") continue;
    bool takes_next = false;
    std::string name = "bridge";
    std::optional<std::string> value;
    if (!argument.starts_with("--")) {
      value = bridge_letter(std::string_view(argument).substr(1), takes_next);
    } else {
      const std::size_t equals = argument.find('=');
      name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
      const auto known = std::ranges::find(kKnown, name, &Known::name);
      if (known == kKnown.end()) continue;
      takes_next = equals == std::string::npos && !known->boolean;
      value = equals != std::string::npos ? argument.substr(equals + 1)
                                          : std::string(known->boolean ? "true" : "");
    }
    if (takes_next) {
      ++at;
      if (value && at < arguments.size()) value = arguments[at];
    }
    if (value) flags.push_back({name, *value, where});
  }
  return flags;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
      continue;
    }
    inside = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
      word.push_back(text[++at]);
    } else {
      word.push_back(c);
    }
  }
  if (inside) words.push_back(word);
  return words;
}

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> environment;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::string_view rest = line;
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.starts_with("export ")) rest.remove_prefix(7);  // an init script sources the file
    const std::size_t equals = rest.find('=');
    if (rest.starts_with('#') || rest.starts_with(';') || equals == std::string_view::npos)
      continue;
    environment[std::string(rest.substr(0, equals))] = unquote(rest.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> expand_variables(const std::vector<std::string>& arguments,
                                          const std::map<std::string, std::string>& environment) {
  const auto lookup = [&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::vector<std::string> expanded;
  for (std::string argument : arguments) {
    if (argument.starts_with('$') && argument.size() > 1 && argument[1] != '{') {
      const auto words = split_words(lookup(argument.substr(1)));
      expanded.insert(expanded.end(), words.begin(), words.end());
      continue;
    }
    for (std::size_t at = argument.find("${"); at != std::string::npos;
         at = argument.find("${", at)) {
      const std::size_t end = argument.find('}', at);
      if (end == std::string::npos) break;
      const std::string value = lookup(argument.substr(at + 2, end - at - 2));
      argument.replace(at, end + 1 - at, value);
      at += value.size();
    }
    expanded.push_back(argument);
  }
  return expanded;
}

}  // namespace overland::docker
