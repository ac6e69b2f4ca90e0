// What a plan replaces goes into the memory, and what the memory knows makes the way back.

#include <algorithm>

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

/// Those of other boots nobody is owed.
void keep_adopted(std::vector<Adopted>& list, const Adopted& adopted) {
  std::erase_if(list, [&](const Adopted& one) { return one.boot != adopted.boot; });
  if (std::ranges::find(list, adopted) == list.end()) list.push_back(adopted);
}

/// What kIpForward was before us, where we know who turned it on; nullopt: not known.
std::optional<std::string> before_us(model::Forwarding forwarding) {
  switch (forwarding) {
    case model::Forwarding::kForeign:
      return "1";
    case model::Forwarding::kForgotten:
      return std::nullopt;
    case model::Forwarding::kOff:
    case model::Forwarding::kOurs:
      break;
  }
  return "0";
}

/// Under another dockerd, which found the parent, or made anew, a network is whole again.
void keep_broken(const model::HostFacts& facts, std::map<std::string, std::string>& broken) {
  const auto& docker = facts.docker;
  if (!docker.networks_known) return;
  std::map<std::string, std::string> now;
  for (const auto& network : docker.networks) {
    const auto& names = facts.broken_networks;
    const bool is = std::ranges::find(names, network.name) != names.end();
    if (network.ours && is) now[network.id] = docker.instance;
  }
  broken = std::move(now);
}

/// A few are enough: who was stopped for longer than so many re-makings is told by Docker itself.
constexpr std::size_t kMostIds = 8;

void keep_network_ids(const model::DockerFacts& docker,
                      std::map<std::string, std::vector<std::string>>& known) {
  for (const auto& network : docker.networks) {
    if (!network.ours || network.id.empty()) continue;
    auto& ids = known[network.name];
    if (std::ranges::find(ids, network.id) != ids.end()) continue;
    ids.push_back(network.id);
    if (ids.size() > kMostIds) ids.erase(ids.begin());
  }
}

/// Who is missing now, and who may be in the middle of what begins now.
void keep_moving(const std::vector<plan::Step>& steps, const model::HostFacts& facts,
                 std::map<std::string, std::vector<model::NetworkMember>>& moving) {
  if (facts.missing_members) {
    moving.clear();
    for (const auto& one : *facts.missing_members) {
      if (!one.members.empty()) moving[one.network] = one.members;
    }
  }
  for (const auto& step : steps) {
    const auto* network = std::get_if<plan::NetworkStep>(&step);
    if (network == nullptr || !network->to || !network->moved) continue;
    const auto& members = network->moved->members;
    if (members.empty()) {
      moving.erase(network->to->name);
    } else {
      moving[network->to->name] = members;
    }
  }
}

void keep_networks(const std::vector<plan::Step>& steps, const model::HostFacts& facts,
                   SavedState& saved) {
  keep_broken(facts, saved.broken_networks);
  keep_network_ids(facts.docker, saved.network_ids);
  keep_moving(steps, facts, saved.moving);
  saved.networks_made = saved.networks_made || plan::any<plan::NetworkStep>(steps);
}

void keep_first(std::map<std::string, Replaced>& values, const std::string& name,
                const std::optional<std::string>& before, const std::optional<std::string>& set) {
  values.try_emplace(name, Replaced{before, set, {}}).first->second.set = set;
}

/// What accepts now was closed by nobody; what a step closes accepted before.
void keep_closed(const std::vector<plan::Step>& steps, const model::HostFacts& facts,
                 std::map<model::FirewallVariant, std::string>& closed) {
  if (!facts.firewall.unknown.empty()) return;
  const auto drops = [&](model::FirewallVariant variant) {
    const auto& all = facts.firewall.forward_drops;
    return std::ranges::find(all, variant) != all.end();
  };
  std::erase_if(closed,
                [&](const auto& one) { return one.second != facts.boot || !drops(one.first); });
  for (const auto& step : steps) {
    const auto* firewall = std::get_if<plan::FirewallStep>(&step);
    if (firewall == nullptr || !firewall->to) continue;
    const bool closes = firewall->to->guard == model::FirewallGuard::kForwardPolicy;
    if (closes && !drops(firewall->to->variant)) closed[firewall->to->variant] = facts.boot;
  }
}

}  // namespace

void note_done(const plan::NetworkStep& step, SavedState& saved) {
  if (step.to) saved.moving.erase(step.to->name);
}

model::Forwarding who_forwards(const std::optional<std::string>& now, const SavedState& saved,
                               const model::HostFacts& facts) {
  using model::Forwarding;
  const auto found = saved.sysctls.find(model::kIpForward);
  const Replaced* known = found == saved.sysctls.end() ? nullptr : &found->second;
  const bool drift = now == "1" || facts.firewall.stands;
  if (known != nullptr && known->boot == facts.boot && drift) {
    if (!known->before) return Forwarding::kForgotten;
    return known->before == "1" ? Forwarding::kForeign : Forwarding::kOurs;
  }
  if (now != "1") return Forwarding::kOff;
  if (!facts.firewall.stands) return Forwarding::kForeign;
  // Rules of ours are of this boot, and so is a guard. What an earlier version remembered tells no
  // boot; where it remembered nothing it had found forwarding on.
  if (known != nullptr && (known->boot.empty() || facts.firewall.guarded)) return Forwarding::kOurs;
  const bool lost = saved.subnets.empty() && saved.sysctls.empty() && saved.daemon_keys.empty();
  return lost || facts.firewall.guarded ? Forwarding::kForgotten : Forwarding::kForeign;
}

SavedState remember(SavedState saved, const std::vector<plan::Step>& steps,
                    const model::HostFacts& facts) {
  const auto keep_sysctl = [&](const std::string& key, const std::optional<std::string>& before,
                               const std::string& set) {
    const auto found = saved.sysctls.find(key);
    // A network namespace may end, and forwarding be off again, within one boot.
    const bool anew = key == model::kIpForward && facts.forwarding == model::Forwarding::kOff;
    if (found != saved.sysctls.end() && (anew || found->second.boot != facts.boot)) {
      saved.sysctls.erase(found);
    }
    keep_first(saved.sysctls, key, before, set);
    saved.sysctls[key].boot = facts.boot;
  };
  keep_networks(steps, facts, saved);
  keep_closed(steps, facts, saved.closed_forward);
  if (facts.forwarding != model::Forwarding::kOff) {
    keep_sysctl(model::kIpForward, before_us(facts.forwarding), "1");
  }
  for (const auto& step : steps) {
    // Of one link it goes with kIpForward, by which the kernel sets all.
    const auto* sysctl = std::get_if<plan::SysctlStep>(&step);
    if (sysctl != nullptr && !model::is_link_forwarding(sysctl->to->key)) {
      const auto before = sysctl->from ? std::optional(sysctl->from->value) : std::nullopt;
      keep_sysctl(sysctl->to->key, before, sysctl->to->value);
    }
    if (const auto* adopt = std::get_if<plan::AdoptStep>(&step)) {
      keep_adopted(saved.adopted, {*adopt->route, facts.boot});
    }
    if (const auto* docker = std::get_if<plan::DockerStep>(&step)) {
      bool reread = false;
      for (const auto& [name, value] : docker->to->keys) {
        const auto found = docker->from->keys.find(name);
        const auto before = found == docker->from->keys.end() ? std::nullopt : found->second;
        if (before == value) continue;
        // Pools of somebody else's are replaced only where they are adopted: those are given back.
        const auto known = saved.daemon_keys.find(name);
        const bool adopted = name == "default-address-pools" && before &&
                             known != saved.daemon_keys.end() && known->second.set != before;
        if (adopted) saved.daemon_keys.erase(known);
        keep_first(saved.daemon_keys, name, before, value);
        reread = reread || name != "bip";  // whether bip was read shows on the bridge itself
      }
      if (reread) saved.unread_by = facts.docker.instance;
    }
  }
  return saved;
}

model::HostState without_us(const SavedState& saved, const model::HostState& actual,
                            const std::string& boot) {
  model::HostState state;
  for (const auto& [key, value] : saved.sysctls) {
    if (!value.boot.empty() && value.boot != boot) continue;
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
