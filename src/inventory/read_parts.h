#pragma once
// The readers of single sections, shared between the files that read TOML.

#include <map>

#include "inventory/draft.h"
#include "inventory/fields.h"

namespace overland::inventory {

/// Segments by name, as indexes into Inventory::segments.
using SegmentIndex = std::map<std::string, std::size_t, std::less<>>;

inline const std::vector<std::string_view> kDockerKeys = {"daemon_json", "bridge", "program"};
inline const std::vector<std::string_view> kFirewallKeys = {"mark", "conntrack"};

/// Sets what is given, and leaves the rest as it is.
void read_docker(Fields& fields, DockerOptions& options, Report& report);
void read_firewall(Fields& fields, FirewallOptions& options, Report& report);

/// One [[host]] to the end of `draft`, whose segments stand already.
void read_host(toml::table& table, const DockerOptions& docker, const FirewallOptions& firewall,
               const SegmentIndex& segments, Draft& draft, Report& report);

/// One of a few words; nullopt after reporting another.
template <typename T>
std::optional<T> choose(const Text& text, std::string_view key,
                        std::initializer_list<std::pair<std::string_view, T>> choices,
                        Report& report) {
  std::string words;
  for (const auto& [word, value] : choices) {
    if (word == text.value) return value;
    words += (words.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  }
  report.add(Code::kChoice, text.at, std::string(key) + " cannot be " + quote(text.value),
             "write one of " + words);
  return std::nullopt;
}

}  // namespace overland::inventory
