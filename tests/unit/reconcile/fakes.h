#pragma once
// A machine in memory behind the ports. It can fail the n-th change, or every change from the n-th
// on (as a killed process would leave it).

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>

#include "host/ports.h"
#include "plan/describe.h"
#include "plan/plan.h"

namespace overland::tests {

struct World {
  model::HostState state;
  model::HostFacts facts;
  std::vector<model::ForeignRoute> foreign;
  int fail_at = std::numeric_limits<int>::max();  // the change, from 0, that fails
  bool dead_after = false;                        // and all changes after it
  base::ErrorKind fault = base::ErrorKind::kFailure;
  bool restart_takes_bip = true;
  std::optional<std::string> daemon_json = "{}";
  std::chrono::milliseconds waited{0};
  std::vector<std::string> defects;  // of the rules in force
  int spoilt = 0;  // how often somebody else spoils the firewall once it is written
  std::vector<std::string> remnants;     // routes of our mark that nobody knows
  bool blind = false;                    // links cannot be listed
  bool hangs = false;                    // whoever asks Docker, iptables or who drops waits forever
  bool deaf_docker = false;              // daemon.json cannot be read
  bool deaf_firewall = false;            // the rules in force cannot be read
  std::vector<model::Finding> droppers;  // what look_who_drops() finds
  std::map<std::string, std::vector<std::string>> users;            // of networks
  std::map<std::string, std::vector<model::NetworkMember>> strays;  // that name another's id
  std::function<void()> killed;   // in the middle of a step about a network, which leaves this
  std::vector<std::string> told;  // all resources, in order
  std::vector<std::string> idle;  // containers on none of them
  std::map<std::string, int> networks_made;
  int asked_for_users = 0;
  int changes = 0;
  int link_looks = 0;
  int restarts = 0;

  std::string id_of(const std::string& network) {
    return network + std::to_string(networks_made[network]);
  }
  void must_not_hang() const {
    if (hangs) throw std::logic_error("asked a neighbour that hangs");
  }
  host::Outcome attempt(const plan::Step& step) {
    const int number = changes++;
    told.push_back(plan::resource(step));
    if (number == fail_at || (dead_after && number > fail_at)) {
      return base::Error(fault, "injected fault");
    }
    if (std::holds_alternative<plan::RestartDockerStep>(step)) {
      ++restarts;
    } else {
      state = plan::simulate(std::move(state), {step});
    }
    return std::nullopt;
  }
  void must(const plan::Step& step) {
    if (const auto outcome = attempt(step)) throw base::Error(*outcome);
  }
  model::LinkFacts& bridge() {
    return *std::find_if(facts.links.begin(), facts.links.end(),
                         [](const auto& link) { return link.name == "docker0"; });
  }
};

struct FakeRoutes : host::Routes {
  explicit FakeRoutes(World& w) : world(w) {}
  std::vector<model::Route> read() override { return world.state.routes; }
  std::vector<model::ForeignRoute> foreign(std::span<const model::Prefix>) override {
    return world.foreign;
  }
  std::vector<model::Diversion> diversions(std::span<const model::Prefix>, const model::LinkFacts*,
                                           std::uint32_t) override {
    return {};
  }
  std::vector<host::Outcome> apply(std::span<const plan::RouteStep> steps) override {
    std::vector<host::Outcome> outcomes;
    for (const auto& step : steps) outcomes.push_back(world.attempt(step));
    return outcomes;
  }
  void restore(const model::ForeignRoute& route) override {
    world.must(plan::RestoreStep{route});
    world.foreign.push_back(route);
  }
  std::vector<std::string> remnants() override { return world.remnants; }
  void remove(const model::ForeignRoute& route) override {
    world.must(plan::AdoptStep{route});
    std::erase(world.foreign, route);
  }
  World& world;
};

struct FakeLinks : host::Links {
  explicit FakeLinks(World& w) : world(w) {}
  std::vector<model::LinkFacts> facts() override {
    if (world.blind) throw base::Error(base::ErrorKind::kFailure, "injected blindness");
    ++world.link_looks;
    auto links = world.facts.links;
    for (const auto& one : world.state.links) {
      links.push_back({.name = one.name,
                       .up = one.up,
                       .carrier = one.up,
                       .mtu = 1500,
                       .vlan = one.vlan,
                       .parent = one.parent,
                       .ours = true,
                       .addresses = {one.address},
                       .vxlan = one.vxlan});
    }
    return links;
  }
  void apply(const plan::LinkStep& step) override { world.must(step); }
  World& world;
};

struct FakeNeighbours : host::Neighbours {
  explicit FakeNeighbours(World& w) : world(w) {}
  std::vector<model::Neighbour> read() override { return world.state.neighbours; }
  std::vector<host::Outcome> apply(std::span<const plan::NeighbourStep> steps) override {
    std::vector<host::Outcome> outcomes;
    for (const auto& step : steps) outcomes.push_back(world.attempt(step));
    return outcomes;
  }
  World& world;
};

struct FakeSysctls : host::Sysctls {
  explicit FakeSysctls(World& w) : world(w) {}
  std::optional<std::string> read(const std::string& key) override {
    if (key.find("..") != std::string::npos) {
      throw base::Error(base::ErrorKind::kInvalid, "no kernel parameter's name");
    }
    for (const auto& one : world.state.sysctls) {
      if (one.key == key) return one.value;
    }
    return std::nullopt;
  }
  void apply(const plan::SysctlStep& step) override { world.must(step); }
  World& world;
};

struct FakeFirewall : host::Firewall {
  explicit FakeFirewall(World& w) : world(w) {}
  model::FirewallFacts facts(const model::DockerFacts&) override {
    world.must_not_hang();
    return world.facts.firewall;
  }
  std::vector<model::Finding> droppers(const model::FirewallPolicy&) override {
    world.must_not_hang();
    return world.droppers;
  }
  std::optional<model::Firewall> read(const model::FirewallPolicy&) override {
    if (world.deaf_firewall) throw base::Error(base::ErrorKind::kFailure, "rules unreadable");
    if (!world.state.firewall) return std::nullopt;
    return model::Firewall{*world.state.firewall, world.defects};
  }
  void apply(const plan::FirewallStep& step) override {
    world.must(step);
    world.defects.clear();
    auto& drops = world.facts.firewall.forward_drops;
    for (const auto variant : step.lifts) std::erase(drops, variant);
    const bool closes = step.to && step.to->guard == model::FirewallGuard::kForwardPolicy;
    if (closes && std::ranges::count(drops, step.to->variant) == 0) {
      drops.push_back(step.to->variant);
    }
    if (world.spoilt-- > 0) world.defects = {"a rule stands before ours"};
  }
  World& world;
};

struct FakeDocker : host::Docker {
  explicit FakeDocker(World& w) : world(w) {}
  model::DockerFacts facts() override {
    world.must_not_hang();
    auto facts = world.facts.docker;
    if (facts.networks_known) facts.networks = networks();
    return facts;
  }
  std::vector<model::DockerNetwork> networks() override {
    world.must_not_hang();
    if (!world.facts.docker.networks_known) {
      throw base::Error(base::ErrorKind::kFailure, "no dockerd runs");
    }
    auto all = world.facts.docker.networks;  // those of others
    for (const auto& one : world.state.networks) {
      model::DockerNetwork network;
      network.name = one.name;
      network.id = world.id_of(one.name);
      network.driver = model::name_of(one.driver);
      network.subnets = {one.subnet};
      network.ours = one;
      all.push_back(std::move(network));
    }
    return all;
  }
  std::vector<model::NetworkMember> members(const std::string& network) override {
    ++world.asked_for_users;
    std::vector<model::NetworkMember> members;
    for (const auto& name : world.users[network]) {
      members.push_back({.id = "id of " + name, .name = name, .network = world.id_of(network)});
    }
    members.insert(members.end(), world.strays[network].begin(), world.strays[network].end());
    return members;
  }
  std::vector<std::string> containers() override {
    std::vector<std::string> ids;
    for (const auto& [network, names] : world.users) {
      for (const auto& name : names) ids.push_back("id of " + name);
    }
    for (const auto& name : world.idle) ids.push_back("id of " + name);
    std::ranges::sort(ids);
    return ids;
  }
  void apply(const plan::NetworkStep& step) override {
    if (world.killed) {
      world.killed();
      throw std::logic_error("killed");
    }
    world.must(step);
    if (step.to && !step.only_connects()) ++world.networks_made[step.to->name];
    if (!step.moved || !step.to) return;
    auto& users = world.users[step.to->name];
    for (const auto& one : step.moved->members) {
      std::erase(world.idle, one.name);
      if (std::ranges::find(users, one.name) == users.end()) users.push_back(one.name);
    }
  }
  model::DaemonKeys read(const model::DaemonKeys& names) override {
    if (world.deaf_docker) throw base::Error(base::ErrorKind::kInvalid, "daemon.json:1:1: junk");
    model::DaemonKeys keys;
    for (const auto& [name, value] : names) keys[name] = world.state.docker->keys[name];
    return keys;
  }
  void apply(const plan::DockerStep& step) override { world.must(step); }
  std::optional<std::string> file() override { return world.daemon_json; }
  void restore_file(const std::optional<std::string>& original) override {
    world.daemon_json = original;
  }
  void restart() override {
    world.must(plan::RestartDockerStep{std::nullopt});
    world.facts.docker.instance = "restart " + std::to_string(world.restarts);
    const auto& bip = world.state.docker->keys["bip"];
    if (!world.restart_takes_bip || !bip) return;
    world.bridge().addresses = {
        *model::InterfaceAddress::parse(std::string_view(*bip).substr(1, bip->size() - 2))};
  }
  World& world;
};

struct FakeMachine : World {
  FakeRoutes routes{*this};
  FakeLinks links{*this};
  FakeNeighbours neighbours{*this};
  FakeSysctls sysctls{*this};
  FakeFirewall firewall{*this};
  FakeDocker docker{*this};

  host::Ports ports() {
    return {routes,
            links,
            neighbours,
            sysctls,
            firewall,
            docker,
            [this](auto pause) { waited += pause; }};
  }
};

}  // namespace overland::tests
