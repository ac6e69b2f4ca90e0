#include "plan/describe.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace overland::plan {
namespace {

using model::FirewallPolicy;
using model::Prefix;

template <typename Change>
Operation change_operation(const Change& change) {
  if (!change.from) return Operation::kCreate;
  return change.to ? Operation::kChange : Operation::kRemove;
}

std::string show(const model::VlanLink& link) {
  return "vlan " + std::to_string(link.vlan) + " on " + link.parent + ", " +
         link.address.to_string() + (link.up ? ", up" : ", down") +
         (link.mtu_follows_parent ? "" : ", MTU differs from the parent's");
}

template <typename T, typename Show>
std::string from_to(const Change<T>& change, Show show_one) {
  if (!change.from) return show_one(*change.to);
  if (!change.to) return show_one(*change.from);
  return show_one(*change.from) + " -> " + show_one(*change.to);
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

/// "+3 -1: 10.0.0.7/32, …": how a list of prefixes changes; empty where it does not.
std::string list_change(const char* name, const std::vector<Prefix>& from,
                        const std::vector<Prefix>& to) {
  std::vector<Prefix> added;
  std::vector<Prefix> removed;
  std::set_difference(to.begin(), to.end(), from.begin(), from.end(), std::back_inserter(added));
  std::set_difference(from.begin(), from.end(), to.begin(), to.end(), std::back_inserter(removed));
  if (added.empty() && removed.empty()) return {};
  constexpr std::size_t kShown = 4;
  std::vector<std::string> shown;
  for (const auto& prefix : added) {
    if (shown.size() < kShown) shown.push_back("+" + prefix.to_string());
  }
  for (const auto& prefix : removed) {
    if (shown.size() < kShown) shown.push_back("-" + prefix.to_string());
  }
  const std::size_t rest = added.size() + removed.size() - shown.size();
  std::string text = std::string(name) + " " + join(shown, " ");
  if (rest > 0) text += " and " + std::to_string(rest) + " more";
  return text;
}

void note(std::vector<std::string>& lines, std::string line) {
  if (!line.empty()) lines.push_back(std::move(line));
}

std::string counts(const FirewallPolicy& policy) {
  return std::to_string(policy.local.size()) + " local, " +
         std::to_string(policy.peer_subnets.size()) + " peer subnets, " +
         std::to_string(policy.peer_hosts.size()) + " peer hosts" +
         (policy.transit.empty() ? "" : ", " + std::to_string(policy.transit.size()) + " transit");
}

std::string firewall_detail(const FirewallStep& step) {
  if (!step.from || !step.to) return counts(step.to ? *step.to : *step.from);
  const FirewallPolicy& from = *step.from;
  const FirewallPolicy& to = *step.to;
  std::vector<std::string> lines = step.defects;
  note(lines, list_change("local", from.local, to.local));
  note(lines, list_change("peer subnets", from.peer_subnets, to.peer_subnets));
  note(lines, list_change("peer hosts", from.peer_hosts, to.peer_hosts));
  note(lines, list_change("transit", from.transit, to.transit));
  if (from.variant != to.variant) note(lines, "moves to the other iptables variant");
  if (from.anchor != to.anchor) note(lines, "accepts move to another chain");
  if (from.mark != to.mark) note(lines, "another mark");
  if (from.conntrack != to.conntrack) note(lines, to.conntrack ? "conntrack on" : "conntrack off");
  if (from.bridges != to.bridges) note(lines, "bridges: " + join(to.bridges, ", "));
  if (from.underlay_links != to.underlay_links) {
    note(lines, "underlay links: " + join(to.underlay_links, ", "));
  }
  if (from.masquerades != to.masquerades) note(lines, "masquerade differs");
  return join(lines, "\n");
}

std::string docker_detail(const DockerStep& step) {
  std::vector<std::string> parts;
  for (const auto& [name, wanted] : step.to->keys) {
    std::optional<std::string> now;
    if (step.from) {
      const auto found = step.from->keys.find(name);
      if (found != step.from->keys.end()) now = found->second;
    }
    if (now == wanted) continue;
    parts.push_back(name + ": " + now.value_or("not set") + " -> " + wanted.value_or("not set"));
  }
  return join(parts, ", ");
}

struct Resource {
  std::string operator()(const SysctlStep& step) const { return "sysctl " + step.to->key; }
  std::string operator()(const LinkStep& step) const {
    return "link " + (step.to ? step.to : step.from)->name;
  }
  std::string operator()(const FirewallStep&) const { return "firewall"; }
  std::string operator()(const RouteStep& step) const {
    return "route " + (step.to ? step.to : step.from)->destination.to_string();
  }
  std::string operator()(const AdoptStep& step) const {
    return "foreign route " + step.route.destination.to_string();
  }
  std::string operator()(const DockerStep&) const { return "docker daemon.json"; }
  std::string operator()(const RestartDockerStep&) const { return "docker"; }
};

struct Detail {
  std::string operator()(const SysctlStep& step) const {
    return (step.from ? step.from->value : "not there") + " -> " + step.to->value;
  }
  std::string operator()(const LinkStep& step) const {
    return from_to(step, [](const model::VlanLink& link) { return show(link); });
  }
  std::string operator()(const FirewallStep& step) const { return firewall_detail(step); }
  std::string operator()(const RouteStep& step) const { return from_to(step, show_gateways); }
  std::string operator()(const AdoptStep& step) const {
    std::string text = "taken over from protocol " + std::to_string(step.route.protocol);
    for (const auto& gateway : step.route.gateways) text += ", via " + gateway.to_string();
    return text;
  }
  std::string operator()(const DockerStep& step) const { return docker_detail(step); }
  std::string operator()(const RestartDockerStep& step) const {
    return step.address ? "so that its bridge gets " + step.address->to_string()
                        : "so that it reads daemon.json";
  }
};

struct Operate {
  Operation operator()(const AdoptStep&) const { return Operation::kRemove; }
  Operation operator()(const RestartDockerStep&) const { return Operation::kRestart; }
  Operation operator()(const SysctlStep&) const { return Operation::kChange; }
  Operation operator()(const DockerStep&) const { return Operation::kChange; }
  template <typename Change>
  Operation operator()(const Change& change) const {
    return change_operation(change);
  }
};

}  // namespace

Operation operation(const Step& step) { return std::visit(Operate{}, step); }

std::string name(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return "create";
    case Operation::kChange:
      return "change";
    case Operation::kRemove:
      return "remove";
    case Operation::kRestart:
      return "restart";
  }
  return {};
}

char sign(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return '+';
    case Operation::kChange:
      return '~';
    case Operation::kRemove:
      return '-';
    case Operation::kRestart:
      return '!';
  }
  return ' ';
}

std::string resource(const Step& step) { return std::visit(Resource{}, step); }

std::string detail(const Step& step) { return std::visit(Detail{}, step); }

std::string show_gateways(const model::Route& route) {
  std::string text = "via ";
  for (std::size_t i = 0; i < route.gateways.size(); ++i) {
    text += (i == 0 ? "" : ", ") + route.gateways[i].to_string();
  }
  return text;
}

}  // namespace overland::plan
