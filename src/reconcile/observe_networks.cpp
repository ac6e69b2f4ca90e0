#include "reconcile/observe_networks.h"

#include <algorithm>

#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

using model::DockerNetwork;
using model::MissingMembers;
using model::NetworkMember;

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

/// nullptr where none of ours has that name.
const DockerNetwork* find_ours(const model::HostFacts& facts, const std::string& name) {
  const auto& all = facts.docker.networks;
  const auto found = std::ranges::find_if(
      all, [&](const DockerNetwork& one) { return one.ours && one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// What our networks of that name were to Docker; the present one, too.
std::vector<std::string> ids_of(const std::string& name, const SavedState& saved,
                                const model::HostFacts& facts) {
  const auto known = saved.network_ids.find(name);
  auto ids = known == saved.network_ids.end() ? std::vector<std::string>() : known->second;
  if (const auto* ours = find_ours(facts, name)) ids.push_back(ours->id);
  return ids;
}

/// Those on networks of ours of that name. A stopped one may name another, which is gone or
/// somebody else's, and is none of them.
std::vector<NetworkMember> members_of(host::Docker& docker, const std::string& name,
                                      const SavedState& saved, const model::HostFacts& facts) {
  auto members = docker.members(name);
  const auto ids = ids_of(name, saved, facts);
  std::erase_if(members, [&](const NetworkMember& one) {
    return !one.network.empty() && !contains(ids, one.network);
  });
  return members;
}

/// Docker may be in the middle of what a killed run asked for: who is on a network already without
/// the address that was chosen for it is about to get it.
void complete(const std::vector<NetworkMember>& remembered, std::vector<NetworkMember>& members) {
  for (auto& one : members) {
    const auto known = std::ranges::find(remembered, one.id, &NetworkMember::id);
    if (known == remembered.end() || !known->address || one.address) continue;
    one.address = known->address;
    one.endpoint = known->endpoint;
  }
}

/// Of those that are to change: nobody else's matter, and asking costs.
void ask_members(host::Docker& docker, const model::HostState& desired, const SavedState& saved,
                 model::HostFacts& facts, std::vector<model::Finding>& findings) {
  for (auto& network : facts.docker.networks) {
    if (!network.ours) continue;
    const auto& wanted = desired.networks;
    const bool stays = std::ranges::find(wanted, *network.ours) != wanted.end();
    const bool moves = saved.moving.contains(network.name);
    if (stays && !moves && !contains(facts.broken_networks, network.name)) continue;
    answered("docker networks", findings,
             [&] { network.members = members_of(docker, network.name, saved, facts); });
    if (moves && network.members) complete(saved.moving.at(network.name), *network.members);
  }
}

/// Those whose parent is gone now, or was gone at an earlier look while this dockerd ran.
void note_broken(const SavedState& saved, model::HostFacts& facts) {
  for (const auto& network : facts.docker.networks) {
    if (!network.ours || network.ours->parent.empty()) continue;
    const auto known = saved.broken_networks.find(network.id);
    const bool was = known != saved.broken_networks.end() && known->second == facts.docker.instance;
    const auto parent =
        std::ranges::find(facts.links, network.ours->parent, &model::LinkFacts::name);
    if (was || parent == facts.links.end()) facts.broken_networks.push_back(network.name);
  }
}

/// Of the memory's those that are not on it now; of a network that is gone also those that name one
/// it was before.
std::vector<NetworkMember> missing_of(host::Docker& docker, const std::string& name,
                                      const SavedState& saved, const model::HostFacts& facts) {
  const auto known = saved.moving.find(name);
  auto missing = known == saved.moving.end() ? std::vector<NetworkMember>() : known->second;
  const auto add = [&](const NetworkMember& one) {
    const bool has = std::ranges::find(missing, one.id, &NetworkMember::id) != missing.end();
    if (!has && !one.network.empty()) missing.push_back(one);
  };
  if (const auto* ours = find_ours(facts, name)) {
    if (!ours->members) throw base::Error(base::ErrorKind::kFailure, "who is on it is not known");
    std::erase_if(missing, [&](const NetworkMember& one) {
      const auto there = std::ranges::find(*ours->members, one.id, &NetworkMember::id);
      return there != ours->members->end() &&
             (there->network.empty() || there->network == ours->id);
    });
  } else if (saved.network_ids.contains(name)) {
    for (const auto& one : members_of(docker, name, saved, facts)) add(one);
  }
  return missing;
}

std::vector<MissingMembers> all_missing(host::Docker& docker, const model::HostState& desired,
                                        const SavedState& saved, const model::HostFacts& facts) {
  std::vector<MissingMembers> result;
  std::optional<std::vector<std::string>> containers;
  for (const auto& network : desired.networks) {
    const auto& name = network.name;
    const bool asked = saved.moving.contains(name) || find_ours(facts, name) == nullptr;
    if (network.maker != model::NetworkMaker::kOverland || !asked) continue;
    MissingMembers one{name, missing_of(docker, name, saved, facts)};
    if (one.members.empty()) continue;
    if (!containers) containers = docker.containers();
    std::erase_if(one.members, [&](const NetworkMember& member) {
      if (std::ranges::binary_search(*containers, member.id)) return false;
      one.gone.push_back(member.name);
      return true;
    });
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace

void observe_networks(host::Docker& docker, const model::HostState& desired,
                      const SavedState& saved, model::HostFacts& facts, model::Observed& now) {
  now.networks_unread = !facts.docker.networks_known;
  if (now.networks_unread) return;
  now.state.networks = model::our_networks(facts.docker.networks);
  facts.broken_networks.clear();
  note_broken(saved, facts);
  ask_members(docker, desired, saved, facts, now.findings);
  facts.missing_members.reset();
  answered("docker networks", now.findings,
           [&] { facts.missing_members = all_missing(docker, desired, saved, facts); });
}

}  // namespace overland::reconcile
