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

/// What is said of policy routing is what it does to the tunnel's own packets, and its remedy
/// helps.
TEST_F(TunnelHost, RulesAndRoutesThatCatchItsPacketsAreTold) {
  wanted_.firewall->mark = 0x200000;
  wanted_.firewall->tunnel->port = 4789;
  expect_reached();
  const std::string outer = peers_[0].outer.to_string();
  sh("ip route add default dev lan; ip route add default dev lan table 77");
  const auto told = [&] {
    std::string all;
    for (const auto& one : survey().plan.conflicts()) all += one.sentence() + "\n";
    return all;
  };
  ASSERT_EQ(told(), "");
  struct Harm {
    std::string rule;
    std::string says;
  };
  const Harm harm[] = {
      {"to " + outer + " blackhole", "refuses the tunnel's packets to " + outer},
      {"to " + outer + " prohibit", "refuses the tunnel's packets to " + outer},
      {"to " + outer + " unreachable", "refuses the tunnel's packets to " + outer},
      {"from 10.9.0.1 to " + outer + " blackhole", "refuses the tunnel's"},
      {"to " + outer + " ipproto udp dport 4789 blackhole", "refuses the tunnel's"},
      {"to " + outer + " fwmark 0x200000/0x200000 lookup 77",
       "takes overland's mark for its own and leads the tunnel's packets to " + outer +
           " by table 77"},
      {"to " + outer + " fwmark 0x200000/0xf00000 blackhole", "refuses the"}};
  for (const auto& [rule, says] : harm) {
    sh("ip rule add pref 100 " + rule);
    const std::string now = told();
    EXPECT_NE(now.find(says), std::string::npos) << rule << "\n" << now;
    EXPECT_EQ(now.find('\n'), now.size() - 1) << "one sentence: " << now;
    const auto command = now.rfind(": ip rule add");
    ASSERT_NE(command, std::string::npos) << now;
    sh(now.substr(command + 2));
    EXPECT_EQ(told(), "") << rule;
    sh("ip rule del pref 100; ip rule del pref 1");
  }
  for (const std::string kind : {"blackhole", "prohibit", "unreachable"}) {
    sh("ip route add " + kind + " " + outer);
    EXPECT_NE(told().find("refuses the tunnel's packets to " + outer), std::string::npos) << kind;
    sh("ip route del " + kind + " " + outer);
  }
  // Where somebody leads them another way whatever their mark, and what is about others.
  for (const std::string& harmless :
       {"to " + outer + " lookup 77", "to " + outer + " ipproto tcp blackhole",
        "from 10.9.0.7 to " + outer + " blackhole", "to " + outer + " fwmark 0x1/0xff blackhole"}) {
    sh("ip rule add pref 100 " + harmless);
    EXPECT_EQ(told(), "") << harmless;
    sh("ip rule del pref 100");
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
