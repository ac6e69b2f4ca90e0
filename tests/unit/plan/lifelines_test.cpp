#include "plan/lifelines.h"

#include <gmock/gmock.h>

#include "unit/states.h"

namespace overland::plan {
namespace {

using namespace tests;
using model::Lifeline;
using model::LifelineKind;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Lifeline kOwn{LifelineKind::kOwnAddress, addr("192.168.200.9"), "link eth1"};
const Lifeline kGateway{LifelineKind::kGateway, addr("192.168.200.254"), "main table"};
const Lifeline kResolver{LifelineKind::kResolver, addr("192.168.200.53"), "/etc/resolv.conf"};
const Lifeline kPeer{LifelineKind::kSshPeer, addr("192.168.200.77"), "SSH_CONNECTION"};

/// What is said of them.
std::vector<std::string> severed(const std::vector<Step>& steps,
                                 const std::vector<Lifeline>& lifelines,
                                 const std::vector<model::Prefix>& segments,
                                 const std::vector<model::Prefix>& led = {}) {
  std::vector<std::string> sentences;
  for (const auto& one : severed_lifelines(steps, lifelines, segments, led)) {
    EXPECT_EQ(one.severity, model::Severity::kRefusal);
    sentences.push_back(one.sentence());
  }
  return sentences;
}

const Step kNew = RouteStep{std::nullopt, route("192.168.200.0/24", {"10.0.0.201"})};
const Step kChanged =
    RouteStep{route("192.168.200.0/24", {"10.0.0.202"}), route("192.168.200.0/24", {"10.0.0.201"})};

Step bip(const char* address) {
  model::DockerSettings to;
  to.bridge = "docker0";
  to.address = iface(address);
  return DockerStep{model::DockerSettings{}, to};
}

TEST(SeveredLifelines, NewRouteMayCoverNone) {
  for (const auto& lifeline : {kOwn, kGateway, kResolver, kPeer}) {
    EXPECT_THAT(severed({kNew}, {lifeline}, {}),
                ElementsAre(AllOf(HasSubstr("route 192.168.200.0/24 via 10.0.0.201"),
                                  HasSubstr(lifeline.address.to_string()),
                                  HasSubstr(lifeline.source), HasSubstr("inventory"))));
  }
}

TEST(SeveredLifelines, RemedyOfAResolverNamesTheOption) {
  EXPECT_THAT(severed({kNew}, {kResolver}, {}),
              ElementsAre(HasSubstr("--allow-cover 192.168.200.53")));
  EXPECT_THAT(severed({kNew}, {kGateway}, {}),
              ElementsAre(::testing::Not(HasSubstr("--allow-cover"))));
}

TEST(SeveredLifelines, SegmentsOfTheInventoryMayHoldResolversAndPeers) {
  const std::vector<model::Prefix> segments = {net("192.168.200.0/24")};
  EXPECT_THAT(severed({kNew}, {kResolver, kPeer}, segments), IsEmpty());
  EXPECT_EQ(severed({kNew}, {kOwn, kGateway}, segments).size(), 2U);
}

TEST(SeveredLifelines, ChangedRouteMayGoOnHoldingResolversAndPeers) {
  EXPECT_THAT(severed({kChanged}, {kResolver, kPeer}, {}), IsEmpty());
  EXPECT_EQ(severed({kChanged}, {kOwn, kGateway}, {}).size(), 2U);
}

TEST(SeveredLifelines, RemovalsAndOtherSubnetsAreHarmless) {
  const Step removal = RouteStep{route("192.168.200.0/24", {"10.0.0.201"}), std::nullopt};
  const Step other = RouteStep{std::nullopt, route("192.168.201.0/24", {"10.0.0.201"})};
  const Step sysctl = SysctlStep{std::nullopt, model::Sysctl{"net.ipv4.ip_forward", "1"}};
  EXPECT_THAT(severed({removal, other, sysctl}, {kOwn, kGateway, kResolver, kPeer}, {}), IsEmpty());
  EXPECT_THAT(severed({kNew}, {}, {}), IsEmpty());
}

TEST(SeveredLifelines, AFallbackMayCoverNone) {
  const Step pool = RouteStep{std::nullopt, fallback("192.168.0.0/16")};
  for (const auto& lifeline : {kOwn, kGateway, kResolver, kPeer}) {
    EXPECT_THAT(severed({pool}, {lifeline}, {net("192.168.200.0/24")}),
                ElementsAre(AllOf(HasSubstr("the fallback 192.168.0.0/16 would cover"),
                                  HasSubstr(lifeline.address.to_string()),
                                  HasSubstr("fallback = \"none\""))));
  }
  EXPECT_THAT(severed({pool}, {kPeer}, {}), ElementsAre(HasSubstr("--allow-cover 192.168.200.77")));
  const Step removal = RouteStep{fallback("192.168.0.0/16"), std::nullopt};
  EXPECT_THAT(severed({removal}, {kGateway}, {}), IsEmpty());
}

TEST(SeveredLifelines, AFallbackTakesNothingFromWhatIsLedByUs) {
  const Step below = RouteStep{std::nullopt, fallback("192.168.200.0/23")};
  EXPECT_THAT(severed({below}, {kResolver, kPeer}, {}, {net("192.168.200.0/24")}), IsEmpty());
  EXPECT_EQ(severed({below}, {kResolver, kPeer}, {}, {net("192.168.201.0/24")}).size(), 2U);
  // One word for a route of the same plan is enough.
  EXPECT_THAT(severed({below, kNew}, {kPeer}, {}),
              ElementsAre(HasSubstr("route 192.168.200.0/24")));
}

TEST(SeveredLifelines, BridgeSubnetOfThisHostMayCoverNone) {
  const auto found =
      severed({bip("192.168.200.1/24"), RestartDockerStep{iface("192.168.200.1/24")}}, {kOwn},
              {net("192.168.200.0/24")});
  EXPECT_THAT(found, ElementsAre(HasSubstr("bridge subnet 192.168.200.0/24")));
  EXPECT_THAT(severed({bip("192.168.201.1/24")}, {kOwn, kResolver}, {}), IsEmpty());
}

/// A router that drops what nobody lets through from now on.
FirewallStep guarded() {
  model::FirewallPolicy policy;
  policy.transit = {net("10.1.0.0/24")};
  FirewallStep step{policy, policy};
  step.to->guard = model::FirewallGuard::kChain;
  return step;
}

TEST(SeveredLifelines, AGuardMayBeOnTheWayOfAnSshPeer) {
  EXPECT_THAT(severed({guarded()}, {kOwn, kGateway, kResolver, kPeer}, {}),
              ElementsAre(AllOf(HasSubstr("192.168.200.77"), HasSubstr("--allow-cover"),
                                HasSubstr("firewall.guard"))));
}

TEST(SeveredLifelines, AGuardCutsNothingThatIsLetThroughOrWasNotForwarded) {
  auto knows = guarded();
  knows.to->peer_hosts = {net("192.168.200.77/32")};
  EXPECT_THAT(severed({knows}, {kPeer}, {}), IsEmpty());
  const SysctlStep on{model::Sysctl{model::kIpForward, "0"}, model::Sysctl{model::kIpForward, "1"}};
  EXPECT_THAT(severed({guarded(), on}, {kPeer}, {}), IsEmpty());
  auto stood = guarded();
  stood.from->guard = model::FirewallGuard::kChain;
  EXPECT_THAT(severed({stood}, {kPeer}, {}), IsEmpty());
  auto plain = guarded();
  plain.to->transit.clear();
  EXPECT_THAT(severed({plain}, {kPeer}, {}), IsEmpty());
}

std::vector<std::string> captured(const model::HostState& desired) {
  std::vector<std::string> sentences;
  for (const auto& one : captured_tunnels(desired)) {
    EXPECT_EQ(one.severity, model::Severity::kRefusal);
    sentences.push_back(one.sentence());
  }
  return sentences;
}

TEST(CapturedTunnels, NoRouteLeadsAPeersEndElsewhere) {
  model::HostState desired = tunnelled_desired();
  EXPECT_THAT(captured(desired), IsEmpty());
  desired.neighbours = {peer("192.168.112.9"), peer("192.168.113.9")};
  EXPECT_THAT(captured(desired),
              ElementsAre("route 192.168.112.0/24 via 10.2.0.12 dev vxlan.ovl would cover "
                          "192.168.112.9, where the tunnel to a peer ends; remedy: correct the "
                          "subnet in the inventory"));
}

TEST(CapturedTunnels, ARouterOfOursMayLeadThere) {
  model::HostState desired;
  desired.routes = {route("10.2.0.0/24", {"10.1.0.1"})};
  desired.neighbours = {peer("10.2.0.12")};
  EXPECT_THAT(captured(desired), IsEmpty());
}

TEST(CapturedTunnels, AFallbackMayNotUnlessARouteOfOursLeadsThere) {
  model::HostState desired;
  desired.routes = {fallback("192.168.0.0/16")};
  desired.neighbours = {peer("192.168.50.12")};
  EXPECT_THAT(captured(desired), ElementsAre(AllOf(HasSubstr("the fallback 192.168.0.0/16"),
                                                   HasSubstr("fallback = \"none\""))));
  desired.neighbours = {peer("10.2.0.12")};
  EXPECT_THAT(captured(desired), IsEmpty());
}

}  // namespace
}  // namespace overland::plan
