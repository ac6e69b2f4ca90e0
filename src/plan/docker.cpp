// Docker: the keys of daemon.json, the restart that reads them, and its networks, which are not
// ours.

#include "plan/nouns.h"
#include "plan/standing.h"

namespace overland::plan {
namespace {

using model::DaemonJsonMode;
using model::DockerSettings;
using model::Prefix;
using model::Severity;

constexpr const char* kAddressPools = "default-address-pools";

/// nullopt where the key is not there.
std::optional<std::string> value_of(const model::DaemonKeys& keys, const std::string& name) {
  const auto found = keys.find(name);
  return found == keys.end() ? std::nullopt : found->second;
}

void bridge_subnet(const DockerSettings& desired, const model::HostFacts& facts, Plan& plan) {
  if (!desired.address) return;
  const Prefix bip = desired.address->prefix();
  for (const auto& link : facts.links) {
    // The tunnel's link has the bip itself, and no network.
    if (link.name == desired.bridge || (link.ours && link.vxlan)) continue;
    for (const auto& address : link.addresses) {
      if (!bip.overlaps(address.prefix())) continue;
      plan.findings.push_back({Severity::kConflict, "docker bip",
                               "the bridge subnet " + bip.to_string() + " covers the network " +
                                   address.prefix().to_string() + " of link " + link.name +
                                   ", which Docker accepts silently and then breaks",
                               "give this host another bip in the inventory"});
    }
  }
}

void bridge_down(const DockerSettings& desired, const model::HostFacts& facts, Plan& plan) {
  const bool down = std::ranges::any_of(
      facts.links, [&](const auto& link) { return link.name == desired.bridge && !link.up; });
  if (!down) return;
  plan.findings.push_back({Severity::kConflict, "docker bridge",
                           desired.bridge + " is down: nothing reaches the containers here",
                           "ip link set " + desired.bridge + " up"});
}

void docker_networks(const Look& look, Plan& plan) {
  for (const auto& network : look.facts.docker.networks) {
    const auto& wanted = look.desired.networks;
    if (std::ranges::find(wanted, network.name, &model::Network::name) != wanted.end()) continue;
    for (const auto& subnet : network.subnets) {
      const auto* covered = overlapped(look.desired, subnet);
      if (covered == nullptr) continue;
      plan.findings.push_back(
          {Severity::kConflict, "docker network " + network.name,
           "its subnet " + subnet.to_string() + " covers " + covered->destination.to_string() +
               ", which belongs to the cluster: containers here cannot reach it",
           "recreate the network with another subnet, and set docker.address_pools in the "
           "inventory "
           "(default-address-pools of daemon.json) to ranges outside the cluster's"});
    }
  }
}

void address_pools(const Look& look, const DockerSettings& wanted, Plan& plan) {
  const auto ours = value_of(wanted.keys, kAddressPools);
  const auto& state = look.observed.state.docker;
  const bool in_file = ours && (look.observed.restart_pending || !state ||
                                value_of(state->keys, kAddressPools) != ours);
  for (const auto& pool : look.facts.docker.address_pools) {
    const auto* covered = overlapped(look.desired, pool);
    if (covered == nullptr) continue;
    plan.findings.push_back(
        {Severity::kAdvice, "docker address pool " + pool.to_string(),
         "Docker may give a new network a subnet that covers " + covered->destination.to_string() +
             " of the cluster",
         in_file ? "restart Docker, so that it reads default-address-pools of daemon.json"
                 : "set docker.address_pools in the inventory (default-address-pools of "
                   "daemon.json) to ranges outside the cluster's"});
  }
}

/// What another tool has to set.
void to_be_verified(const model::DaemonKeys& actual, const DockerSettings& desired, Plan& plan) {
  for (const auto& [name, wanted] : desired.keys) {
    const auto now = value_of(actual, name);
    if (now == wanted) continue;
    plan.findings.push_back(
        {Severity::kConflict, "daemon.json " + name,
         "is " + now.value_or("not set") + ", the inventory wants " + wanted.value_or("it not set"),
         "let the tool that owns daemon.json set it, or use daemon_json = "
         "\"merge\" for this host"});
  }
}

/// Why dockerd has to be restarted, where the keys `written` are; empty where it has not.
std::string restart_reason(const model::Observed& observed, const DockerSettings& wanted,
                           const std::vector<std::string>& written) {
  const auto now = observed.state.docker ? observed.state.docker->address : std::nullopt;
  if (wanted.address && now != wanted.address) {
    return wanted.bridge + " has " + (now ? now->to_string() : "no address") + ", bip says " +
           wanted.address->to_string();
  }
  if (observed.restart_pending) return "the running dockerd has not read daemon.json yet";
  // Whether bip was read shows on the bridge itself.
  if (written.empty() || written == std::vector<std::string>{"bip"}) return {};
  return "dockerd reads these keys only when it starts";
}

void switch_of_backend(const model::HostFacts& facts, Plan& plan) {
  const auto& docker = facts.docker;
  const bool now = facts.firewall.docker_nft_backend;
  if (!docker.running || docker.configured_backend.empty()) return;
  if (now == (docker.configured_backend == "nftables")) return;
  plan.findings.push_back({Severity::kAdvice, "docker firewall-backend",
                           std::string("Docker runs with its ") + (now ? "nftables" : "iptables") +
                               " backend, and is configured to start with " +
                               docker.configured_backend,
                           "overland apply --restart-docker, when its containers may stop"});
}

/// What overland stands in for: left behind, it stops the next Docker.
void retired(const model::DockerFacts& docker, Plan& plan) {
  for (const std::string& setting : docker.retired) {
    plan.findings.push_back(
        {docker.running ? Severity::kAdvice : Severity::kConflict, "docker cluster-store",
         setting + " is of the old overlay network: Docker 23 and later do not start with it",
         "take it out; overland needs no store for networks, and `overland fetch` has its own"});
  }
}

void settings(const Look& look, const DockerSettings& wanted, Plan& plan) {
  const auto& observed = look.observed;
  const auto now = observed.state.docker.value_or(DockerSettings{});
  std::vector<std::string> differing;
  for (const auto& [name, value] : wanted.keys) {
    if (value_of(now.keys, name) != value) differing.push_back(name);
  }
  const bool merges = wanted.mode == DaemonJsonMode::kMerge && !observed.daemon_json_unread;
  // With half an inventory, or another's, this host's own bip may be another's as well.
  const bool guess = look.options.hold && (blind(observed) || !look.options.held_reason.empty());
  if (merges && !differing.empty()) {
    (guess ? plan.held : plan.steps).emplace_back(DockerStep{now, wanted});
  }
  if (!look.facts.docker.running) return;
  plan.docker_restart_reason =
      restart_reason(observed, wanted, merges ? differing : std::vector<std::string>{});
  plan.docker_restart_required = !plan.docker_restart_reason.empty();
  // Where another tool owns daemon.json and has not set our keys yet, a restart would be in vain.
  const bool in_vain = wanted.mode == DaemonJsonMode::kVerify && !differing.empty();
  if (plan.docker_restart_required && look.options.restart_docker && !in_vain && !guess) {
    plan.steps.emplace_back(RestartDockerStep{wanted.address});
  }
}

std::optional<Cover> cover_of(const std::optional<model::InterfaceAddress>& bridge) {
  if (!bridge) return std::nullopt;
  const Prefix subnet = bridge->prefix();
  return Cover{"the bridge subnet " + subnet.to_string() + " of this host", subnet, false, true};
}

}  // namespace

void plan_docker(const Look& look, Plan& plan) {
  docker_networks(look, plan);
  retired(look.facts.docker, plan);
  if (!look.desired.docker) return;
  const auto& wanted = *look.desired.docker;
  bridge_subnet(wanted, look.facts, plan);
  bridge_down(wanted, look.facts, plan);
  address_pools(look, wanted, plan);
  switch_of_backend(look.facts, plan);
  if (wanted.mode == DaemonJsonMode::kVerify && !look.observed.daemon_json_unread) {
    const auto& actual = look.observed.state.docker;
    to_be_verified(actual ? actual->keys : model::DaemonKeys{}, wanted, plan);
  }
  if (wanted.mode != DaemonJsonMode::kOff) settings(look, wanted, plan);
}

Words words_of(const DockerStep& step) {
  std::vector<std::string> parts;
  for (const auto& [name, wanted] : step.to->keys) {
    const auto now = step.from ? value_of(step.from->keys, name) : std::nullopt;
    if (now == wanted) continue;
    parts.push_back(name + ": " + now.value_or("not set") + " -> " + wanted.value_or("not set") +
                    (name == kAddressPools ? " (for new networks only)" : ""));
  }
  return {"docker daemon.json", join(parts, ", ")};
}

Words words_of(const RestartDockerStep& step) {
  return {"docker", step.address ? "so that its bridge gets " + step.address->to_string()
                                 : "so that it reads daemon.json"};
}

void simulate(model::HostState& state, const DockerStep& step) {
  if (!state.docker) state.docker.emplace();
  state.docker->mode = step.to->mode;
  state.docker->bridge = step.to->bridge;
  state.docker->keys = step.to->keys;
}

void simulate(model::HostState& state, const RestartDockerStep& step) {
  if (state.docker && step.address) state.docker->address = step.address;
}

std::optional<Cover> cover(const DockerStep& step) { return cover_of(step.to->address); }

std::optional<Cover> cover(const RestartDockerStep& step) { return cover_of(step.address); }

}  // namespace overland::plan
