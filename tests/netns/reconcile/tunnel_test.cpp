// A tunnel through survey, apply, purge and a rollback with this machine's kernel.

#include <filesystem>

#include "kernel/sysctls.h"
#include "netns/kernel/tunnel_sandbox.h"
#include "plan/describe.h"
#include "reconcile/apply.h"
#include "reconcile/purge.h"
#include "reconcile/rollback.h"
#include "unit/reconcile/fakes.h"

namespace overland::tests {
namespace {

class TunnelHost : public TunnelSandbox {
 protected:
  void SetUp() override {
    TunnelSandbox::SetUp();
    world_.facts.docker.networks_known = true;
    world_.facts.firewall.variant = model::FirewallVariant::kNft;
    wanted_.links = {tunnel()};
    wanted_.neighbours = peers_;
    wanted_.routes = routes_;
    wanted_.firewall.emplace().tunnel.emplace();
    std::filesystem::remove(saved_file_);
  }
  void TearDown() override { std::filesystem::remove_all(saved_file_.parent_path()); }

  host::Ports ports() {
    return {kernel_routes_, kernel_links_, kernel_neighbours_, sysctls_,
            firewall_,      docker_,       [](auto) {}};
  }
  reconcile::Survey survey() {
    return reconcile::survey(ports(), goal_, reconcile::load_saved(saved_file_), {});
  }
  reconcile::ApplyReport apply() {
    return reconcile::apply(ports(), survey(), goal_, saved_file_,
                            reconcile::load_saved(saved_file_), {});
  }
  void expect_reached() {
    const auto report = apply();
    EXPECT_TRUE(report.converged());
    for (const auto& one : report.steps) {
      EXPECT_EQ(one.status, reconcile::Status::kDone) << plan::resource(one.step) << *one.why;
    }
    EXPECT_TRUE(survey().plan.empty());
  }

  World world_;
  kernel::RouteTable kernel_routes_;
  kernel::LinkTable kernel_links_;
  kernel::NeighbourTable kernel_neighbours_;
  kernel::SysctlTree sysctls_;
  FakeFirewall firewall_{world_};
  FakeDocker docker_{world_};
  model::HostState wanted_;
  reconcile::Goal goal_ = [this](const model::HostFacts&) { return wanted_; };
  const std::filesystem::path saved_file_ = std::filesystem::path(testing::TempDir()) /
                                            ("tunnel." + std::to_string(::getpid())) / "state";
};

TEST_F(TunnelHost, IsReachedInOneRunAndStays) {
  expect_reached();
  expect_whole();
}

TEST_F(TunnelHost, IsRepairedInOneRun) {
  expect_reached();
  for (const char* damage :
       {"ip link del vxlan.ovl", "ip link set vxlan.ovl down", "ip address flush dev vxlan.ovl",
        "ip link set vxlan.ovl address 02:00:00:00:00:01", "ip neigh flush dev vxlan.ovl nud all",
        "bridge fdb del 02:6f:0a:02:00:0c dev vxlan.ovl",
        "ip route del 192.168.112.0/24; ip route del 192.168.113.0/24",
        "ip link del vxlan.ovl; ip link add vxlan.ovl type vxlan id 9 dstport 8472;"
        " ip link set vxlan.ovl alias overland"}) {
    SCOPED_TRACE(damage);
    sh(damage);
    EXPECT_FALSE(survey().plan.empty());
    expect_reached();
    expect_whole();
  }
}

TEST_F(TunnelHost, AnotherBipAndAnotherWayAreOneRun) {
  expect_reached();
  wanted_.links[0].address = model::InterfaceAddress::parse("192.168.105.1/32").value();
  wanted_.links[0].vxlan->mtu = 1350;
  wanted_.neighbours.erase(wanted_.neighbours.begin());
  wanted_.routes[0] = route("192.168.112.0/24", {"10.9.0.7"});
  expect_reached();
  EXPECT_EQ(links(), wanted_.links);
  EXPECT_EQ(peers(), wanted_.neighbours);
  EXPECT_EQ(routes(), wanted_.routes);
}

TEST_F(TunnelHost, TheLinkBelowIsNoneOfItsBusiness) {
  expect_reached();
  sh("ip link set lan down; ip link set lan up");
  EXPECT_TRUE(survey().plan.empty());
  sh("ip link del lan");
  EXPECT_TRUE(survey().plan.empty());
}

TEST_F(TunnelHost, PurgeLeavesNothing) {
  expect_reached();
  const auto saved = reconcile::load_saved(saved_file_);
  const auto report =
      reconcile::purge(ports(), reconcile::survey_removal(ports(), saved), saved_file_, saved);
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(sh("ip link show type vxlan; ip route show proto 111; ip neigh show nud permanent"),
            "");
}

TEST_F(TunnelHost, ATrialUndoneLeavesNothingAndOneThatTookItAwayPutsItBack) {
  const auto before = reconcile::remember_before(ports(), survey(), saved_file_);
  expect_reached();
  EXPECT_TRUE(reconcile::roll_back(ports(), before, saved_file_).empty());
  EXPECT_TRUE(links().empty());
  EXPECT_TRUE(routes().empty());
  expect_reached();
  wanted_ = {};
  const auto stood = reconcile::remember_before(ports(), survey(), saved_file_);
  expect_reached();
  EXPECT_TRUE(links().empty());
  EXPECT_TRUE(reconcile::roll_back(ports(), stood, saved_file_).empty());
  expect_whole();
}

}  // namespace
}  // namespace overland::tests
