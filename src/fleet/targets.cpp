#include "fleet/targets.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "inventory/letter_case.h"
#include "inventory/report.h"
#include "inventory/suggest.h"
#include "remote/ssh.h"

namespace overland::fleet {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

/// Lower-case names of the hosts asked for.
std::set<std::string> names_of(const inventory::Inventory& inventory,
                               const std::vector<std::string>& asked) {
  std::set<std::string> known;
  for (const auto& host : inventory.hosts) known.insert(inventory::lower(host.name));
  std::set<std::string> result;
  for (const auto& name : asked) {
    if (!known.contains(inventory::lower(name))) {
      const std::vector<std::string_view> all(known.begin(), known.end());
      const std::string_view meant = inventory::nearest(name, all);
      refuse("the inventory has no host " + inventory::quote(name) +
             (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
    }
    result.insert(inventory::lower(name));
  }
  return result;
}

bool is_number(const std::string& limit) {
  return limit.find_first_not_of("0123456789") == std::string::npos && !limit.empty();
}

void apply_limit(std::vector<Target>& targets, const std::string& limit) {
  if (is_number(limit)) {
    std::size_t most = 0;
    const auto read = std::from_chars(limit.data(), limit.data() + limit.size(), most);
    if (read.ec != std::errc() || most == 0) refuse("--limit takes a number from 1, or a pattern");
    if (most < targets.size()) targets.resize(most);
    return;
  }
  const bool others = limit.starts_with('!');
  const std::string pattern = inventory::lower(others ? limit.substr(1) : limit);
  std::erase_if(targets, [&](const Target& one) {
    return (::fnmatch(pattern.c_str(), inventory::lower(one.name).c_str(), 0) == 0) == others;
  });
}

}  // namespace

std::vector<Target> choose(const inventory::Inventory& inventory, const Choice& choice) {
  const auto names = names_of(inventory, choice.hosts);
  std::vector<Target> targets;
  for (const auto& host : inventory.hosts) {
    if (!names.empty() && !names.contains(inventory::lower(host.name))) continue;
    const bool named = choice.by_name || host.addresses.empty();
    const std::string at = named ? host.name : host.addresses.front().address.to_string();
    targets.push_back({host.name, choice.user.empty() ? at : choice.user + "@" + at});
    if (!remote::is_destination(targets.back().destination)) {
      refuse("--user takes a name, not " + inventory::quote(choice.user));
    }
  }
  for (const auto& limit : choice.limits) apply_limit(targets, limit);
  if (targets.empty()) refuse("no host of the inventory is left by --limit");
  return targets;
}

}  // namespace overland::fleet
