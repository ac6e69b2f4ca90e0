// A survey's questions, asked twice: what is asked of the machine is what an event made dirty.

#include "watch/kept.h"

#include <gtest/gtest.h>

namespace overland::watch {
namespace {

using host::Part;
using host::Parts;

struct CountedRoutes : host::Routes {
  std::vector<model::Route> read() override { return {}; }
  std::vector<model::ForeignRoute> foreign(std::span<const model::Prefix>) override { return {}; }
  std::vector<model::Diversion> diversions(std::span<const model::Prefix>, const model::LinkFacts*,
                                           std::uint32_t) override {
    return {};
  }
  host::RoutesFound look(std::span<const model::Prefix>) override {
    ++looks;
    return {};
  }
  std::vector<host::Outcome> apply(std::span<const plan::RouteStep> steps) override {
    return std::vector<host::Outcome>(steps.size());
  }
  void remove(const model::ForeignRoute&) override {}
  void restore(const model::ForeignRoute&) override {}
  int looks = 0;
};

struct CountedLinks : host::Links {
  std::vector<model::LinkFacts> facts() override {
    ++looks;
    return {};
  }
  void apply(const plan::LinkStep&) override {}
  int looks = 0;
};

struct CountedSysctls : host::Sysctls {
  std::optional<std::string> read(const std::string&) override {
    ++looks;
    return "1";
  }
  void apply(const plan::SysctlStep&) override {}
  int looks = 0;
};

struct CountedFirewall : host::Firewall {
  model::FirewallFacts facts(const model::DockerFacts&) override {
    ++looks;
    return found;
  }
  std::vector<model::Finding> droppers(const model::FirewallPolicy&) override {
    ADD_FAILURE() << "no repair waits for that";
    return {};
  }
  std::optional<model::Firewall> read(const model::FirewallPolicy&) override {
    EXPECT_GT(looks, 0) << "read before its facts";
    ++reads;
    return std::nullopt;
  }
  void apply(const plan::FirewallStep&) override {
    EXPECT_GT(looks, 0) << "applied before its facts";
  }
  model::FirewallFacts found;
  int looks = 0;
  int reads = 0;
};

struct CountedDocker : host::Docker {
  model::DockerFacts facts() override {
    ++looks;
    return {};
  }
  model::DaemonKeys read(const model::DaemonKeys& wanted) override {
    ++reads;
    return wanted;
  }
  void apply(const plan::DockerStep&) override {}
  std::optional<std::string> file() override { return std::nullopt; }
  void restore_file(const std::optional<std::string>&) override {}
  void restart() override {}
  std::vector<model::DockerNetwork> networks() override { return {}; }
  std::vector<model::NetworkMember> members(const std::string&) override { return {}; }
  std::vector<std::string> containers() override { return {}; }
  void apply(const plan::NetworkStep&) override {}
  int looks = 0;
  int reads = 0;
};

struct CountedNeighbours : host::Neighbours {
  std::vector<model::Neighbour> read() override {
    ++looks;
    return {};
  }
  std::vector<host::Outcome> apply(std::span<const plan::NeighbourStep> steps) override {
    return std::vector<host::Outcome>(steps.size());
  }
  int looks = 0;
};

struct Machine {
  CountedRoutes routes;
  CountedLinks links;
  CountedNeighbours neighbours;
  CountedSysctls sysctls;
  CountedFirewall firewall;
  CountedDocker docker;
  host::Ports ports{routes, links, neighbours, sysctls, firewall, docker, [](auto) {}};
};

class KeptTest : public ::testing::Test {
 protected:
  /// All that a survey asks.
  void survey() {
    const auto ports = kept_.over(machine_.ports);
    ports.links.facts();
    ports.neighbours.read();
    const auto docker = ports.docker.facts();
    ports.firewall.facts(docker);
    ports.firewall.read({});
    ports.firewall.droppers({});
    ports.routes.look({});
    ports.sysctls.read(model::kIpForward);
    ports.docker.read({});
  }

  Machine machine_;
  int generations_ = 0;
  int writes_ = 0;
  Kept kept_{{[this] { ++generations_; },
              [this](const auto& write) {
                ++writes_;
                write();
              },
              [this](const auto& write) {
                ++unheard_;
                write();
              }}};
  int unheard_ = 0;
};

TEST_F(KeptTest, PeersOfTheTunnelAreReadAgainWhereTheyOrLinksChanged) {
  survey();
  survey();
  EXPECT_EQ(machine_.neighbours.looks, 1);
  for (const auto part : {host::Part::kNeighbours, host::Part::kLinks}) {
    const int before = machine_.neighbours.looks;
    kept_.forget(part);
    survey();
    EXPECT_EQ(machine_.neighbours.looks, before + 1);
  }
  kept_.forget(host::Part::kRoutes);
  survey();
  EXPECT_EQ(machine_.neighbours.looks, 3);
}

TEST_F(KeptTest, WhatChangesPeersIsWrittenUnheardAndLookedAtAgain) {
  survey();
  const auto ports = kept_.over(machine_.ports);
  const std::vector<plan::NeighbourStep> steps(2);
  EXPECT_EQ(ports.neighbours.apply(steps).size(), 2U);
  EXPECT_EQ(unheard_, 1);
  survey();
  EXPECT_EQ(machine_.neighbours.looks, 2);
  ports.links.apply({});  // with a link go those on it
  EXPECT_EQ(unheard_, 2);
  survey();
  EXPECT_EQ(machine_.neighbours.looks, 3);
}

TEST_F(KeptTest, RulesAreWrittenThroughTheHook) {
  const auto ports = kept_.over(machine_.ports);
  ports.firewall.apply({});
  EXPECT_EQ(writes_, 1);
}

TEST_F(KeptTest, NothingIsAskedTwiceButSysctls) {
  survey();
  survey();
  EXPECT_EQ(machine_.links.looks, 1);
  EXPECT_EQ(machine_.routes.looks, 1);
  EXPECT_EQ(machine_.firewall.looks, 1);
  EXPECT_EQ(machine_.firewall.reads, 1);
  EXPECT_EQ(machine_.docker.looks, 1);
  EXPECT_EQ(machine_.docker.reads, 1);
  EXPECT_EQ(machine_.sysctls.looks, 2);
  EXPECT_EQ(generations_, 1);
}

TEST_F(KeptTest, WhatIsDirtyIsAskedAgain) {
  survey();
  kept_.forget(Part::kRoutes);
  survey();
  EXPECT_EQ(machine_.routes.looks, 2);
  EXPECT_EQ(machine_.firewall.looks, 1);
  kept_.forget(Part::kFirewall);
  survey();
  EXPECT_EQ(machine_.firewall.looks, 2);
  EXPECT_EQ(machine_.firewall.reads, 2);
  EXPECT_EQ(machine_.docker.looks, 1);
  EXPECT_EQ(generations_, 2);
}

TEST_F(KeptTest, ALinkTakesRoutesAlongAndDockerTheFirewall) {
  survey();
  kept_.forget(Part::kLinks);
  survey();
  EXPECT_EQ(machine_.routes.looks, 2);
  kept_.forget(Part::kDocker);
  survey();
  EXPECT_EQ(machine_.docker.looks, 2);
  EXPECT_EQ(machine_.firewall.looks, 2);
}

TEST_F(KeptTest, ALinkTakesWhatStandsAtItAlong) {
  survey();
  kept_.forget(Part::kLinks);
  survey();
  EXPECT_EQ(machine_.firewall.reads, 1) << "no rule of ours is at a link";
  model::FirewallPolicy guarded;
  guarded.ipvlan_guards = {{"eth0", {}, {}}};
  const auto ports = kept_.over(machine_.ports);
  ports.firewall.read(guarded);
  ports.firewall.read(guarded);
  EXPECT_EQ(machine_.firewall.reads, 2);
  kept_.forget(Part::kLinks);
  ports.firewall.read(guarded);
  EXPECT_EQ(machine_.firewall.reads, 3);
}

TEST_F(KeptTest, AnotherQuestionIsNoOldAnswer) {
  survey();
  const auto ports = kept_.over(machine_.ports);
  const std::vector<model::Prefix> others = {model::Prefix()};
  ports.routes.look(others);
  EXPECT_EQ(machine_.routes.looks, 2);
}

TEST_F(KeptTest, WhatIsWrittenIsForgotten) {
  survey();
  const auto ports = kept_.over(machine_.ports);
  ports.routes.apply({});
  ports.docker.apply(plan::DockerStep{});
  survey();
  EXPECT_EQ(machine_.routes.looks, 2);
  EXPECT_EQ(machine_.docker.looks, 2);
}

TEST_F(KeptTest, ANetworkThatWasMadeHasDockerAskedAgain) {
  survey();
  kept_.over(machine_.ports).docker.apply(plan::NetworkStep{});
  survey();
  EXPECT_EQ(machine_.docker.looks, 2);
}

TEST_F(KeptTest, ANewMachineIsAskedForFactsBeforeItIsWritten) {
  survey();
  Machine next;
  kept_.over(next.ports).firewall.apply({});
  EXPECT_EQ(next.firewall.looks, 1);
}

TEST_F(KeptTest, WhatTheFirewallCouldNotTellIsAskedAgain) {
  machine_.firewall.found.unknown.push_back({model::Severity::kUnknown, "firewall", "", ""});
  survey();
  survey();
  EXPECT_EQ(machine_.firewall.looks, 2);
}

}  // namespace
}  // namespace overland::watch
