// What status says of the ways to the peers, and of one peer.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/status_peer.h"
#include "cli/status_report.h"
#include "unit/networks.h"

namespace overland::cli {
namespace {

using namespace tests;
using model::Reach;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kInventory = R"(
version = 1
generation = 7
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
bip = "192.168.100.1/24"
[[host]]
name = "docker-201"
address = "10.0.0.201"
bip = "192.168.200.1/24"
)";

/// docker-200 as it shall be, and what is said of it.
struct Scene {
  inventory::Inventory inventory = *inventory::parse(kInventory).inventory;
  reconcile::Survey survey;
  Background background{"inventory.toml", "0123456789abcdef", "", {1000, 1001, {}}, 1181};
  plan::Options options;

  Scene() {
    survey.facts = running_docker();
    link("docker0").addresses = {iface("192.168.100.1/24")};
    survey.desired = two_hosts_desired();
    survey.actual.state = survey.desired;
  }
  model::LinkFacts& link(const std::string& name) {
    return *std::find_if(survey.facts.links.begin(), survey.facts.links.end(),
                         [&](const auto& one) { return one.name == name; });
  }
  StatusReport report() {
    survey.plan = plan::make_plan(survey.actual, survey.desired, survey.facts, options);
    return make_status(inventory, inventory.hosts[0], survey, background);
  }
  /// Of the only peer.
  Word word() { return report().peers.at(0).state; }
  PeerDetail detail() {
    return peer_detail(inventory, inventory.hosts[0], inventory.hosts[1], survey,
                       background.neighbours);
  }
};

TEST(Status, TellsOfEachNetwork) {
  Scene scene;
  auto& docker = scene.survey.facts.docker;
  const auto line = [&] { return scene.report().settings.back(); };
  scene.survey.desired.networks = {bridge("app", "192.168.110.0/24")};
  EXPECT_EQ(line().name, "network app");
  EXPECT_EQ(line().desired, "bridge 192.168.110.0/24");
  EXPECT_EQ(line().actual, "missing");
  docker.networks = {foreign_network("app", "10.9.0.0/24")};
  EXPECT_EQ(line().actual, "bridge 10.9.0.0/24, somebody else's");
  docker.networks = {in_docker(bridge("app", "192.168.111.0/24"))};
  EXPECT_EQ(line().actual, "bridge 192.168.111.0/24, differs");
  EXPECT_FALSE(line().ok);
  docker.networks = {in_docker(bridge("app", "192.168.110.0/24"))};
  EXPECT_EQ(line().actual, "bridge 192.168.110.0/24");
  EXPECT_TRUE(line().ok);
  scene.survey.facts.broken_networks = {"app"};
  EXPECT_EQ(line().actual, "bridge 192.168.110.0/24, its parent was gone");
  docker.networks.clear();
  scene.survey.actual.networks_unread = true;
  EXPECT_EQ(line().actual, "not known");
  EXPECT_FALSE(line().ok);
}

TEST(Status, TellsWhatTheLastVisitToTheSourceCameTo) {
  Scene scene;
  EXPECT_THAT(status_text(scene.report(), false), Not(HasSubstr("Source")));
  EXPECT_TRUE(nlohmann::json::parse(status_json(scene.report()))["source"].is_null());
  auto& source = scene.background.source.emplace();
  source.source = "etcd https://10.0.0.5 key";
  source.last_success = source.last_visit = 1171;
  EXPECT_THAT(status_text(scene.report(), false),
              HasSubstr("Source     etcd https://10.0.0.5 key, fetched with success 10 s ago\n"));
  source.last_success = 801;
  source.fault = "no answer";
  EXPECT_THAT(status_text(scene.report(), false),
              HasSubstr("with success 6 min ago; failed 10 s ago: no answer\n"));
  const auto document = nlohmann::json::parse(status_json(scene.report()))["source"];
  EXPECT_EQ(document["last_success"], 801);
  EXPECT_EQ(document["fault"], "no answer");
}

TEST(Status, OfARouteAsItShallBeIsRouteOk) {
  Scene scene;
  EXPECT_EQ(scene.word().text, "route ok");
  EXPECT_EQ(scene.word().tone, Tone::kGood);
  EXPECT_EQ(scene.report().verdict, Verdict::kInSync);
}

TEST(Status, RoutesThatAreNotSoHaveTheirOwnWords) {
  Scene scene;
  scene.survey.actual.state.routes = {};
  EXPECT_EQ(scene.word().text, "missing");
  scene.survey.actual.state.routes = {route("192.168.200.0/24", {"10.0.0.9"})};
  EXPECT_EQ(scene.word().text, "differs");
  model::ForeignRoute foreign;
  foreign.destination = net("192.168.200.128/25");
  scene.survey.facts.foreign_routes = {foreign};
  EXPECT_EQ(scene.word().text, "shadowed");
  foreign.destination = net("192.168.200.0/24");
  scene.survey.facts.foreign_routes = {foreign};
  EXPECT_EQ(scene.word().text, "held by another");
  EXPECT_EQ(scene.word().tone, Tone::kBad);
}

TEST(Status, ALinkThatIsDownOrHasNoCarrierIsSaid) {
  Scene down;
  down.link("eth0").up = false;
  EXPECT_EQ(down.word().text, "link down");
  Scene dark;
  dark.link("eth0").carrier = false;
  EXPECT_EQ(dark.word().text, "link down");
  EXPECT_EQ(dark.word().tone, Tone::kBad);
  Scene gone;
  gone.link("eth0").addresses = {};
  gone.survey.facts.unreachable = {addr("10.0.0.201")};
  EXPECT_EQ(gone.word().text, "no link");
}

Word word_with(Reach reach) {
  Scene scene;
  scene.background.neighbours = {{addr("10.0.0.201"), "eth0", reach}};
  return scene.word();
}

TEST(Status, ANeighbourThatDoesNotAnswerIsSaid) {
  EXPECT_EQ(word_with(Reach::kFailed).text, "neighbour failed");
  EXPECT_EQ(word_with(Reach::kFailed).tone, Tone::kBad);
  EXPECT_EQ(word_with(Reach::kIncomplete).text, "neighbour incomplete");
  EXPECT_EQ(word_with(Reach::kIncomplete).tone, Tone::kDoubtful);
  EXPECT_EQ(word_with(Reach::kStale).text, "route ok");
  Scene elsewhere;
  elsewhere.background.neighbours = {{addr("10.0.0.201"), "eth7", Reach::kFailed}};
  EXPECT_EQ(elsewhere.word().text, "route ok") << "packets do not take that link";
  EXPECT_EQ(elsewhere.report().peers[0].next_hops[0].reach, Reach::kNotAsked);
}

TEST(Status, WhatStandsInTheWayOfAllIsSaidOfEach) {
  Scene stopped;
  stopped.survey.facts.docker.running = false;
  EXPECT_EQ(stopped.word().text, "Docker stopped");
  EXPECT_EQ(stopped.word().tone, Tone::kBad);
  stopped.survey.facts.docker.live_restore = true;
  EXPECT_EQ(stopped.word().tone, Tone::kDoubtful) << "containers go on";

  Scene due;
  due.survey.actual.state.docker->address = iface("172.17.0.1/16");
  EXPECT_EQ(due.word().text, "restart due");
  EXPECT_EQ(due.report().verdict, Verdict::kDrift);

  Scene dropped;
  dropped.survey.actual.findings = {{model::Severity::kConflict, "firewall", "a rule drops", ""}};
  EXPECT_EQ(dropped.word().text, "conflict");
  EXPECT_EQ(dropped.report().verdict, Verdict::kConflict);

  Scene closed;
  closed.survey.actual.state.firewall.reset();
  EXPECT_EQ(closed.word().text, "drift");
}

TEST(Status, AWayThatIsTooNarrowIsSaid) {
  Scene scene;
  scene.link("eth0").mtu = 1400;
  EXPECT_EQ(scene.word().text, "mtu 1400 < 1500");
  EXPECT_EQ(scene.word().tone, Tone::kDoubtful);
}

TEST(Status, TheHeaderTellsInventoryAndLastSuccess) {
  Scene scene;
  const auto text = status_text(scene.report(), false);
  EXPECT_THAT(text, HasSubstr("Status     in sync\n"));
  EXPECT_THAT(text, HasSubstr("Inventory  0123456789abcdef, generation 7, 2 hosts\n"));
  EXPECT_THAT(text, HasSubstr("Applied    with success 3 min ago\n"));
  EXPECT_THAT(text, HasSubstr("Ways       1 route ok\n"));
  scene.background.runs.last_run = 1120;
  EXPECT_THAT(status_text(scene.report(), false),
              HasSubstr("Applied    with success 3 min ago, without 61 s ago\n"));
  scene.background.runs = {};
  scene.background.refused = "has faults";
  const auto refused = status_text(scene.report(), false);
  EXPECT_THAT(refused, HasSubstr("Applied    not in this boot\n"));
  EXPECT_THAT(refused, HasSubstr("2 hosts: the one applied last, the present is refused\n"));
  EXPECT_EQ(scene.report().verdict, Verdict::kDrift);
}

TEST(Status, CountsPeersAsPeopleDo) {
  Scene scene;
  scene.inventory.hosts[1].previous_bip = iface("192.168.201.1/24");  // merges with the other one
  EXPECT_THAT(status_text(scene.report(), false), HasSubstr("1 peer, 2 subnets"));
}

TEST(Status, ColoursFollowTheWords) {
  Scene scene;
  EXPECT_THAT(status_text(scene.report(), true), HasSubstr("\x1b[32mroute ok\x1b[0m"));
  scene.link("eth0").mtu = 1400;
  EXPECT_THAT(status_text(scene.report(), true), HasSubstr("\x1b[33mmtu 1400 < 1500\x1b[0m"));
  scene.link("eth0").up = false;
  EXPECT_THAT(status_text(scene.report(), true), HasSubstr("\x1b[31mlink down\x1b[0m"));
}

TEST(Status, EscapesWhatOthersWrote) {
  Scene scene;
  scene.survey.actual.findings = {{model::Severity::kUnknown, "docker", "says \x1b[2J", ""}};
  EXPECT_THAT(status_text(scene.report(), false), HasSubstr("says \\x1b[2J"));
}

TEST(StatusJson, TellsHopsNeighboursAndTheWhole) {
  Scene scene;
  scene.background.neighbours = {{addr("10.0.0.201"), "eth0", Reach::kStale}};
  const auto json = nlohmann::json::parse(status_json(scene.report()));
  EXPECT_EQ(json.at("schema_version"), 2);
  EXPECT_EQ(json.at("in_sync"), true);
  EXPECT_EQ(json.at("status"), "in_sync");
  EXPECT_EQ(json.at("inventory").at("generation"), 7);
  EXPECT_EQ(json.at("last_success"), 1001);
  EXPECT_EQ(json.at("held").size(), 0U);
  const auto& peer = json.at("peers").at(0);
  EXPECT_EQ(peer.at("state"), "route ok");
  EXPECT_EQ(peer.at("ok"), true);
  EXPECT_EQ(peer.at("next_hops"),
            nlohmann::json::parse(
                R"([{"address": "10.0.0.201", "link": "eth0", "neighbour": "stale"}])"));
  EXPECT_FALSE(json.contains("peer"));
}

TEST(StatusOfAPeer, TellsAddressLinkNeighbourAndWhoLetsItIn) {
  Scene scene;
  scene.background.neighbours = {{addr("10.0.0.201"), "eth0", Reach::kReachable}};
  const auto detail = scene.detail();
  EXPECT_THAT(*detail.let_in_on, ElementsAre("eth0"));
  const auto text = peer_text(detail);
  EXPECT_THAT(text, HasSubstr("10.0.0.201 in segment lan by eth0, neighbour reachable\n"));
  EXPECT_THAT(text, HasSubstr("Subnets    192.168.200.0/24\n"));
  EXPECT_THAT(text, HasSubstr("Let in     on eth0\n"));
  EXPECT_TRUE(detail.there.stuck.empty());
  EXPECT_EQ(detail.to.address, addr("192.168.200.1"));
}

TEST(StatusOfAPeer, TellsWhereItIsNotLetInOrNotKnown) {
  Scene scene;
  scene.survey.actual.state.firewall->peer_subnets = {};
  EXPECT_THAT(peer_text(scene.detail()), HasSubstr("Let in     on no link\n"));
  scene.survey.actual.state.firewall.reset();
  EXPECT_THAT(peer_text(scene.detail()), HasSubstr("Let in     on no link\n"));
  scene.survey.actual.firewall_unread = true;
  EXPECT_THAT(peer_text(scene.detail()), HasSubstr("Let in     not known"));
  EXPECT_TRUE(peer_json(scene.detail()).at("let_in_on").is_null());
}

TEST(StatusOfAPeer, TellsOfAClosedNetworkWithoutTakingItForNotLetIn) {
  Scene scene;
  inventory::Network front;
  front.name = "front";
  front.reach = inventory::NetworkReach::kNetwork;
  scene.inventory.networks = {front};
  const auto subnet = net("192.168.120.0/24");
  scene.inventory.hosts[1].networks =
      std::vector<inventory::HostNetwork>{{0, subnet, {}, {}, {}, subnet}};
  EXPECT_THAT(*scene.detail().let_in_on, ElementsAre("eth0"));
  EXPECT_THAT(peer_text(scene.detail()), HasSubstr("192.168.120.0/24"));
}

TEST(FindPeer, TakesNamesAndAddressesOfOtherHosts) {
  const Scene scene;
  const auto& self = scene.inventory.hosts[0];
  for (const char* const text : {"docker-201", "10.0.0.201", "192.168.200.1", "192.168.200.9"}) {
    EXPECT_EQ(find_peer(scene.inventory, self, text).name, "docker-201") << text;
  }
  for (const char* const text : {"docker-200", "10.0.0.200", "10.0.0.77", "10.9.9.9", "nobody"}) {
    EXPECT_THROW(find_peer(scene.inventory, self, text), base::Error) << text;
  }
}

}  // namespace
}  // namespace overland::cli
