// What status says of the ways by tunnel.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/status_peer.h"
#include "cli/status_report.h"
#include "desired/derive.h"
#include "unit/networks.h"

namespace overland::cli {
namespace {

using namespace tests;
using testing::HasSubstr;

/// n1, which a tunnel joins with s1; all is as it shall be.
struct TunnelScene {
  inventory::Inventory inventory = *inventory::parse(R"(
version = 1
[tunnel]
type = "vxlan"
[[segment]]
name = "north"
subnet = "10.1.0.0/24"
[[segment]]
name = "south"
subnet = "10.2.0.0/24"
[[host]]
name = "n1"
address = "10.1.0.11"
bip = "192.168.11.1/24"
[[host]]
name = "s1"
address = "10.2.0.11"
bip = "192.168.21.1/24"
)")
                                        .inventory;
  reconcile::Survey survey;

  TunnelScene() {
    survey.facts = running_docker();
    survey.facts.links = {tests::link("docker0", {"192.168.11.1/24"}),
                          tests::link("eth0", {"10.1.0.11/24"})};
    survey.desired = desired::derive(inventory, inventory.hosts[0], survey.facts);
    survey.actual.state = survey.desired;
    auto& ours = survey.facts.links.emplace_back(tests::link("vxlan.ovl", {"192.168.11.1/32"}));
    ours.ours = true;
    ours.mtu = 1450;
  }
  StatusReport report() {
    survey.plan = plan::make_plan(survey.actual, survey.desired, survey.facts, {});
    return make_status(inventory, inventory.hosts[0], survey, {});
  }
  std::string setting(const std::string& name) {
    for (const auto& one : report().settings) {
      if (one.name == name) return one.desired + " | " + one.actual + (one.ok ? "" : " !");
    }
    return "none";
  }
};

TEST(StatusTunnel, NamesTheWay) {
  TunnelScene scene;
  const auto peers = scene.report().peers;
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].next_hops.at(0).address, "10.2.0.11");
  EXPECT_EQ(peers[0].next_hops.at(0).link, "vxlan.ovl");
  EXPECT_EQ(peers[0].state.text, "route ok");  // although docker0 takes larger packets
  EXPECT_EQ(scene.setting("tunnel"), "1 peer | 1 entered");
  const std::string link = "192.168.11.1/32 up, VNI 111, outer 10.1.0.11, UDP port 4789, MTU 1450";
  EXPECT_EQ(scene.setting("link vxlan.ovl"), link + " | " + link);
}

TEST(StatusTunnel, TellsWhatIsMissing) {
  TunnelScene scene;
  scene.survey.actual.state.neighbours.clear();
  EXPECT_EQ(scene.setting("tunnel"), "1 peer | 0 entered !");
  scene.survey.facts.links.pop_back();
  EXPECT_EQ(scene.report().peers.at(0).state.text, "no link");
}

TEST(StatusTunnel, TellsWhatCatchesThePacketsAround) {
  TunnelScene scene;
  scene.survey.facts.diversions = {{net("10.2.0.11/32"), 0}};
  EXPECT_EQ(scene.report().peers.at(0).state.text, "diverted");
}

TEST(StatusTunnel, TellsOfOnePeerHowItIsReached) {
  TunnelScene scene;
  const auto detail = [&] {
    return peer_detail(scene.inventory, scene.inventory.hosts[0], scene.inventory.hosts[1],
                       scene.survey, {});
  };
  EXPECT_THAT(peer_text(detail()),
              HasSubstr("Tunnel     vxlan.ovl, VNI 111, outer 10.1.0.11 -> 10.2.0.11, UDP port "
                        "4789, MTU 1450\n"));
  EXPECT_THAT(peer_text(detail()), HasSubstr("Let in     on vxlan.ovl\n"));
  const auto json = peer_json(detail());
  EXPECT_EQ(json["tunnel"]["outer_destination"], "10.2.0.11");
  EXPECT_EQ(json["tunnel"]["mtu"], 1450);
  EXPECT_TRUE(json["path"]["arrives"]);
  EXPECT_EQ(json["path"]["stages"][0]["tunnel"]["vni"], 111);
  scene.survey.facts.links.pop_back();
  EXPECT_THAT(peer_text(detail()), HasSubstr("whose link is not there"));
}

}  // namespace
}  // namespace overland::cli
