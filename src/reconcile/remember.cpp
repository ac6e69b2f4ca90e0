// What a plan replaces goes into the memory, and what the memory knows makes the way back.

#include "reconcile/saved_state.h"

namespace overland::reconcile {
namespace {

void put_back(const std::map<std::string, Replaced>& replaced, const model::DockerSettings& now,
              model::DaemonKeys& keys) {
  for (const auto& [name, value] : replaced) {
    const auto found = now.keys.find(name);
    if (found != now.keys.end() && found->second == value.set) keys[name] = value.before;
  }
}

}  // namespace

SavedState remember(SavedState saved, const std::vector<plan::Step>& steps,
                    const model::HostFacts& facts) {
  const auto keep_first = [](std::map<std::string, Replaced>& values, const std::string& name,
                             const std::optional<std::string>& before,
                             const std::optional<std::string>& set) {
    const auto [entry, fresh] = values.try_emplace(name, Replaced{before, set});
    // Somebody else's change since is what stood before ours now.
    if (!fresh && entry->second.set != before) entry->second.before = before;
    entry->second.set = set;
  };
  for (const auto& step : steps) {
    if (const auto* sysctl = std::get_if<plan::SysctlStep>(&step)) {
      const auto before = sysctl->from ? std::optional(sysctl->from->value) : std::nullopt;
      keep_first(saved.sysctls, sysctl->to->key, before, sysctl->to->value);
    }
    if (const auto* docker = std::get_if<plan::DockerStep>(&step)) {
      bool reread = false;
      for (const auto& [name, value] : docker->to->keys) {
        const auto found = docker->from->keys.find(name);
        const auto before = found == docker->from->keys.end() ? std::nullopt : found->second;
        if (before == value) continue;
        keep_first(saved.daemon_keys, name, before, value);
        reread = reread || name != "bip";  // whether bip was read shows on the bridge itself
      }
      if (reread) saved.unread_by = facts.docker.instance;
    }
  }
  return saved;
}

model::HostState without_us(const SavedState& saved, const model::HostState& actual) {
  model::HostState state;
  for (const auto& [key, value] : saved.sysctls) {
    for (const auto& now : actual.sysctls) {
      if (now.key == key && now.value == value.set && value.before) {
        state.sysctls.push_back({key, *value.before});
      }
    }
  }
  if (actual.docker) {
    model::DockerSettings settings;
    put_back(saved.daemon_keys, *actual.docker, settings.keys);
    state.docker = std::move(settings);
  }
  return state;
}

}  // namespace overland::reconcile
