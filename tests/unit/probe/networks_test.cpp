// What a probe asks of the declared networks of its peers, and what their answers mean.

#include "probe/networks.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "unit/desired/campus.h"
#include "unit/probe/judge_scene.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kHosts = R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[segment]]
name = "vlan10"
subnet = "172.16.10.0/24"
vlan = 10
[[host]]
name = "a"
slot = 0
address = "10.0.0.1"
parent = "eth1"
bip = "192.168.1.1/24"
[[host]]
name = "b"
slot = 1
address = ["10.0.0.2", "172.16.10.2"]
parent = "eth1"
bip = "192.168.2.1/24"
)";

const char* const kNetworks = R"(
[[network]]
name = "app"
driver = "bridge"
subnets = { a = "192.168.110.0/24", b = "192.168.111.0/24" }
[[network]]
name = "front"
driver = "bridge"
reach = "network"
subnets = { b = "192.168.121.0/24" }
[[network]]
name = "shut"
driver = "bridge"
internal = true
subnets = { b = "192.168.122.0/24" }
[[network]]
name = "wire"
driver = "macvlan"
segment = "lan"
range = "10.0.0.128/25"
range_length = 28
gateway = "shim"
shim = true
[[network]]
name = "far"
driver = "macvlan"
segment = "vlan10"
ranges = { b = "172.16.10.128/28" }
gateway = "172.16.10.2"
shim = true
[[network]]
name = "bare"
driver = "macvlan"
parent = "par0"
subnet = "172.30.9.0/24"
ranges = { b = "172.30.9.32/28" }
gateway = "172.30.9.1"
)";

std::vector<PeerNetwork> asked(const std::string& text) {
  const auto inventory = load(text.c_str());
  return networks_of(inventory, inventory.hosts[0], inventory.hosts[1]);
}

const PeerNetwork& named(const std::vector<PeerNetwork>& networks, const std::string& name) {
  const auto found = std::ranges::find(networks, name, &PeerNetwork::name);
  if (found != networks.end()) return *found;
  ADD_FAILURE() << name;
  return networks.front();
}

TEST(Networks, AreAskedAtTheAddressTheirHostHasInThem) {
  const auto networks = asked(std::string(kHosts) + kNetworks);
  EXPECT_EQ(named(networks, "app").at, at("192.168.111.1"));
  EXPECT_EQ(named(networks, "app").led.to_string(), "192.168.111.0/24");
  EXPECT_EQ(named(networks, "wire").led.to_string(), "10.0.0.144/28");
  EXPECT_EQ(named(networks, "wire").at, at("10.0.0.144"));
}

TEST(Networks, AreNotAskedWhereStrangersAreRefusedOrNobodyWouldAnswer) {
  const auto networks = asked(std::string(kHosts) + kNetworks);
  const auto why = [&](const char* name) {
    EXPECT_FALSE(named(networks, name).at) << name;
    return named(networks, name).unasked;
  };
  EXPECT_THAT(why("front"), HasSubstr("reach ="));
  EXPECT_THAT(why("shut"), HasSubstr("internal"));
  EXPECT_THAT(why("far"), HasSubstr("not in its segment"));
  EXPECT_THAT(why("bare"), HasSubstr("without a shim"));
}

TEST(Networks, AreAskedOfWholeHostsAlone) {
  const auto inventory = load((std::string(kHosts) + kNetworks).c_str());
  const auto& self = inventory.hosts[0];
  EXPECT_EQ(targets(inventory, self, {}, false).front().networks.size(), 6U);
  EXPECT_EQ(targets(inventory, self, {"192.168.111.0/24"}, false).front().networks.size(), 6U);
  EXPECT_THAT(targets(inventory, self, {"192.168.2.7"}, false).front().networks, IsEmpty());
}

Peer with_app() {
  Peer peer = k2();
  peer.networks = {
      {"app", *model::Prefix::parse("192.168.111.0/24"), "the gateway", at("192.168.111.1"), ""},
      {"front", *model::Prefix::parse("192.168.121.0/24"), "the gateway", {}, "shut"}};
  return peer;
}

Evidence all_answers(Says network, const char* by = kHost) {
  Evidence evidence = seen(kAnswers, kAnswers, kAnswers, kNothing);
  evidence.networks.resize(2);
  evidence.networks[0].way = {at("192.168.111.1"), 0, false, "eth1", at(kHost)};
  evidence.networks[0].watched = true;
  evidence.echoes.push_back(echo(Purpose::kNetwork, "192.168.111.1", network, by));
  return evidence;
}

Judged judged_with_app(const Evidence& evidence) { return judged(evidence, false, with_app()); }

TEST(Networks, ThatAnswerAreReachedWithThePeer) {
  const auto verdict = judged_with_app(all_answers(kAnswers));
  EXPECT_TRUE(verdict.reached);
  EXPECT_THAT(verdict.networks, ElementsAre(Part::kOk, Part::kNone));
  EXPECT_THAT(verdict.notes, IsEmpty());
}

TEST(Networks, ThatDoNotAnswerAreAFaultOfTheirOwn) {
  const auto verdict = judged_with_app(all_answers(kNothing));
  EXPECT_FALSE(verdict.reached);
  EXPECT_THAT(verdict.networks, ElementsAre(Part::kNo, Part::kNone));
  EXPECT_THAT(verdict.fault(), HasSubstr("peer: 192.168.111.1, the gateway of network app"));
  EXPECT_EQ(verdict.containers, Part::kOk);
}

TEST(Networks, AreNotSpokenOfWhereThePeerIsNotReached) {
  auto evidence = all_answers(kNothing);
  for (auto& one : evidence.echoes) one.answered.reset();
  for (auto& one : evidence.echoes) one.came_back = false;
  const auto verdict = judged_with_app(evidence);
  EXPECT_EQ(verdict.faults.size(), 1U);
  EXPECT_EQ(verdict.fault().find("app"), std::string::npos);
  EXPECT_THAT(verdict.networks, ElementsAre(Part::kNo, Part::kNone));
}

TEST(Networks, AreLostWhereItIsSeen) {
  EXPECT_THAT(judged_with_app(all_answers(Says::kUnreachable)).fault(),
              HasSubstr("peer: k2 has no 192.168.111.1"));
  EXPECT_THAT(judged_with_app(all_answers(Says::kUnreachable, "10.0.0.9")).fault(),
              HasSubstr("way: r1 (10.0.0.9) knows no way to network app"));
  auto evidence = all_answers(kNothing);
  evidence.networks[0].way.error = ENETUNREACH;
  EXPECT_THAT(judged_with_app(evidence).fault(), HasSubstr("here: there is no way to network app"));
  evidence = all_answers(kNothing);
  evidence.echoes.back().came_back = true;
  EXPECT_THAT(judged_with_app(evidence).fault(), HasSubstr("here: answers of network app"));
  evidence = all_answers(kNothing);
  evidence.echoes.back().left_as.reset();
  EXPECT_THAT(judged_with_app(evidence).fault(), HasSubstr("do not leave by eth1"));
  evidence = all_answers(kNothing);
  evidence.networks[0].way.gateway = at("10.0.0.9");
  EXPECT_THAT(judged_with_app(evidence).fault(), HasSubstr("unknown: 192.168.111.1"));
}

TEST(Networks, ThatSeeAnotherSourceAreNoted) {
  auto evidence = all_answers(kAnswers);
  evidence.echoes.back().left_as = at("10.0.0.1");
  EXPECT_THAT(judged_with_app(evidence).notes,
              ElementsAre("packets to network app (192.168.111.0/24) leave as 10.0.0.1"));
}

}  // namespace
}  // namespace overland
