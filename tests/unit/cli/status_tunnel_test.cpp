// What status says of the ways by tunnel.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/status_peer.h"
#include "cli/status_report.h"
#include "desired/derive.h"
#include "unit/desired/two_sites.h"

namespace overland::cli {
namespace {

using namespace tests;
using testing::HasSubstr;

/// n1, beside n2 and joined with s1 and s2 by the tunnel; all is as it shall be.
struct TunnelScene {
  inventory::Inventory inventory = load(two_sites());
  reconcile::Survey survey;

  TunnelScene() {
    survey.facts = machine_at("10.1.0.11/24");
    survey.facts.links.push_back(tests::link("docker0", {"192.168.11.1/24"}));
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
  ASSERT_EQ(peers.size(), 3U);
  EXPECT_EQ(peers[0].next_hops.at(0).link, "eth0");
  EXPECT_EQ(peers[1].next_hops.at(0).address, "10.2.0.11");
  EXPECT_EQ(peers[1].next_hops.at(0).link, "vxlan.ovl");
  EXPECT_EQ(peers[1].state.text, "route ok");  // although docker0 takes larger packets
  EXPECT_EQ(scene.setting("tunnel"), "2 peers | 2 entered");
  const std::string link = "192.168.11.1/32 up, VNI 111, outer 10.1.0.11, UDP port 4789, MTU 1450";
  EXPECT_EQ(scene.setting("link vxlan.ovl"), link + " | " + link);
}

TEST(StatusTunnel, TellsWhatIsMissing) {
  TunnelScene scene;
  scene.survey.actual.state.neighbours.clear();
  EXPECT_EQ(scene.setting("tunnel"), "2 peers | 0 entered !");
  scene.survey.facts.links.pop_back();
  EXPECT_EQ(scene.report().peers.at(1).state.text, "no link");
}

TEST(StatusTunnel, TellsWhatCatchesThePacketsAround) {
  TunnelScene scene;
  scene.survey.facts.diversions = {{net("10.2.0.11/32"), 0}};
  EXPECT_EQ(scene.report().peers.at(1).state.text, "diverted");
  scene.survey.facts.diversions = {{net("10.2.0.11/32"), 0, ""}};
  EXPECT_EQ(scene.report().peers.at(1).state.text, "unrouted");
}

TEST(StatusTunnel, TellsOfOnePeerHowItIsReached) {
  TunnelScene scene;
  const auto detail = [&] {
    return peer_detail(scene.inventory, scene.inventory.hosts[0], scene.inventory.hosts[2],
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
