// Which host of the inventory this machine is.

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "inventory/inventory.h"
#include "inventory/letter_case.h"
#include "inventory/report.h"
#include "inventory/suggest.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kMostNames = 5;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

bool equal(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view first_label(std::string_view name) { return name.substr(0, name.find('.')); }

/// The same machine, where one of the two is the other's first label: web and web.example.com, but
/// not web.a.example and web.b.example.
bool same_first_label(std::string_view a, std::string_view b) {
  const bool a_short = a.find('.') == std::string_view::npos;
  const bool b_short = b.find('.') == std::string_view::npos;
  return a_short != b_short && equal(first_label(a), first_label(b));
}

std::vector<const Host*> matching(const Inventory& inventory,
                                  const std::function<bool(const Host&)>& matches) {
  std::vector<const Host*> result;
  for (const Host& host : inventory.hosts) {
    if (matches(host)) result.push_back(&host);
  }
  return result;
}

std::string names(const std::vector<const Host*>& hosts) {
  std::string result;
  for (std::size_t i = 0; i < hosts.size() && i < kMostNames; ++i) {
    if (i > 0) result += i + 1 == hosts.size() ? " and " : ", ";
    result += hosts[i]->name;
  }
  if (hosts.size() > kMostNames) {
    result += " and " + std::to_string(hosts.size() - kMostNames) + " more";
  }
  return result;
}

std::vector<const Host*> by_name(const Inventory& inventory, std::string_view name) {
  auto found = matching(inventory, [&](const Host& host) { return equal(host.name, name); });
  if (!found.empty()) return found;
  return matching(inventory, [&](const Host& host) { return same_first_label(host.name, name); });
}

const Host& the_only(const std::vector<const Host*>& found, const std::string& subject) {
  if (found.size() == 1) return *found.front();
  refuse(subject + " could be any of " + names(found) + "; say which with --host NAME");
}

}  // namespace

const Host& find_host(const Inventory& inventory, const std::optional<std::string>& name,
                      const std::string& hostname,
                      const std::function<std::vector<model::Address>()>& addresses) {
  if (name) {
    const auto found = by_name(inventory, *name);
    if (!found.empty()) return the_only(found, "--host " + quote(*name));
    std::vector<std::string_view> known;
    for (const Host& host : inventory.hosts) known.emplace_back(host.name);
    const std::string_view meant = nearest(*name, known);
    refuse("--host " + quote(*name) + " is not in the inventory" +
           (meant.empty() ? "; it has " + std::to_string(known.size()) + " hosts"
                          : "; did you mean " + std::string(meant) + "?"));
  }
  std::string_view machine = hostname;
  if (machine.ends_with('.')) machine.remove_suffix(1);
  const auto named = machine.empty() ? std::vector<const Host*>() : by_name(inventory, machine);
  if (!named.empty()) return the_only(named, "this machine, " + quote(machine) + ",");

  std::vector<model::Address> own = addresses();
  std::sort(own.begin(), own.end());
  const auto owning = matching(inventory, [&own](const Host& host) {
    return std::any_of(host.addresses.begin(), host.addresses.end(), [&own](const HostAddress& a) {
      return std::binary_search(own.begin(), own.end(), a.address);
    });
  });
  if (!owning.empty()) return the_only(owning, "this machine has addresses of several hosts and");
  refuse(
      "this machine, " + quote(machine) +
      ", is not in the inventory: no host has its name or one of its addresses; add it, say which "
      "host it is with --host NAME, or run overland purge where it has left the cluster");
}

}  // namespace overland::inventory
