#include "inventory/host_index.h"

#include "inventory/letter_case.h"
#include "inventory/report.h"
#include "inventory/suggest.h"

namespace overland::inventory {
namespace {

constexpr std::size_t kMostSuggested = 1000;

}  // namespace

HostIndex::HostIndex(const Draft& draft) : draft_(draft), complete_(draft.all_hosts) {
  const auto& hosts = draft.inventory.hosts;
  by_name_.reserve(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    complete_ = complete_ && !hosts[i].name.empty();
    by_name_.emplace(lower(hosts[i].name), i);
  }
}

std::optional<std::size_t> HostIndex::find(const std::string& name) const {
  const auto found = by_name_.find(lower(name));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::string HostIndex::remedy(std::string_view name) {
  std::vector<std::string_view> known;
  if (draft_.inventory.hosts.size() <= kMostSuggested && ++asked_ <= kMostSuggested) {
    for (const Host& host : draft_.inventory.hosts) known.emplace_back(host.name);
  }
  const std::string_view meant = nearest(name, known);
  return meant.empty() ? "write the name of a [[host]]" : "did you mean " + quote(meant) + "?";
}

}  // namespace overland::inventory
