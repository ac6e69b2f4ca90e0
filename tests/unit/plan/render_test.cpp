#include "plan/render.h"

#include <gtest/gtest.h>

#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;

TEST(RenderText, ShowsTheDiffOfAFreshHost) {
  const auto plan = plan::make_plan({two_hosts_fresh()}, two_hosts_desired(), running_docker());
  EXPECT_EQ(plan::render_text(plan, false),
            "+ create  ~ change  - remove  ! restart\n"
            "\n"
            "  + firewall  1 local, 1 peer subnets, 1 peer hosts\n"
            "  ~ sysctl net.ipv4.ip_forward  0 -> 1\n"
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

TEST(RenderText, SaysWhatWasFoundByWhatItMeans) {
  model::Observed actual{two_hosts_desired()};
  actual.findings = {{model::Severity::kAdvice, "pool", "may cover", ""},
                     {model::Severity::kMisfit, "segment lan", "is down", "bring it up"},
                     {model::Severity::kConflict, "route", "is taken", "remove it"}};
  const auto plan = plan::make_plan(actual, two_hosts_desired(), running_docker());
  EXPECT_EQ(plan::render_summary(plan),
            "Plan: 0 to add, 0 to change, 0 to remove; Docker restart: not needed\n"
            "\nNot looked at, or does not fit:\n"
            "  ! segment lan: is down\n      remedy: bring it up\n"
            "\nConflicts, left alone:\n"
            "  ! route: is taken\n      remedy: remove it\n"
            "\nWorth knowing:\n"
            "  ! pool: may cover\n");
}

TEST(RenderText, AListOfNothingIsNoList) {
  const auto desired = two_hosts_desired();
  const auto plan = plan::make_plan({desired}, desired, running_docker(),
                                    plan::Options{.prune = false, .held_reason = "3 of 3 go"});
  ASSERT_TRUE(plan.held.empty());
  EXPECT_EQ(plan::render_summary(plan),
            "Plan: 0 to add, 0 to change, 0 to remove; Docker restart: not needed\n"
            "\nNot removed without --prune, since 3 of 3 go; nothing of theirs is left here\n");
}

}  // namespace
}  // namespace overland
