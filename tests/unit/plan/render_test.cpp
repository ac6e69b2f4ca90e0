#include "plan/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;

TEST(RenderText, ShowsTheDiffOfAFreshHost) {
  const auto plan = plan::make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker());
  EXPECT_EQ(plan::render_text(plan, false),
            "+ create  ~ change  - remove  ! restart\n"
            "\n"
            "  ~ sysctl net.ipv4.ip_forward  0 -> 1\n"
            "  + firewall  1 local, 1 peer subnets, 1 peer hosts\n"
            "  + route 192.168.200.0/24  via 10.0.0.201\n"
            "  ~ docker daemon.json  bip: not set -> \"192.168.100.1/24\"\n"
            "\n"
            "Plan: 2 to add, 2 to change, 0 to remove; Docker restart: needed (docker0 has "
            "172.17.0.1/16, bip says 192.168.100.1/24)\n");
}

TEST(RenderText, IsOneLineWhereNothingIsToDo) {
  const auto plan = plan::make_plan({two_hosts_desired()}, two_hosts_desired(), running_docker());
  EXPECT_EQ(plan::render_text(plan, true),
            "Plan: 0 to add, 0 to change, 0 to remove; Docker restart: not needed\n");
}

TEST(RenderText, ColoursOnlyWhenAsked) {
  const auto plan = plan::make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker());
  EXPECT_NE(plan::render_text(plan, true).find("\x1b[32m"), std::string::npos);
  EXPECT_EQ(plan::render_text(plan, false).find('\x1b'), std::string::npos);
}

TEST(RenderJson, CarriesVersionStepsAndRestart) {
  const auto plan = plan::make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker());
  const auto json = nlohmann::json::parse(plan::render_json(plan, "docker-200"));
  EXPECT_EQ(json.at("schema_version"), 1);
  EXPECT_EQ(json.at("changed"), true);
  EXPECT_EQ(json.at("summary").at("add"), 2);
  EXPECT_EQ(json.at("steps").size(), 4U);
  EXPECT_EQ(json.at("steps")[2].at("resource"), "route 192.168.200.0/24");
  EXPECT_EQ(json.at("docker_restart_required"), true);
}

TEST(RenderText, SummarisesALongFirewallChange) {
  auto actual = two_hosts_desired();
  actual.firewall->peer_subnets.clear();
  auto desired = two_hosts_desired();
  desired.firewall->peer_subnets = {net("10.1.0.0/24"), net("10.3.0.0/24"), net("10.5.0.0/24"),
                                    net("10.7.0.0/24"), net("10.9.0.0/24"), net("10.11.0.0/24")};
  const auto plan = plan::make_plan({actual}, desired, running_docker());
  EXPECT_NE(
      plan::render_text(plan, false)
          .find("peer subnets +10.1.0.0/24 +10.3.0.0/24 +10.5.0.0/24 +10.7.0.0/24 and 2 more"),
      std::string::npos);
}

}  // namespace
}  // namespace overland
