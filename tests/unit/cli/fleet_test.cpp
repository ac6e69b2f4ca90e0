// Many hosts on one screen.

#include <gmock/gmock.h>

#include "cli/fleet_report.h"

namespace overland::cli {
namespace {

fleet::HostResult host(const char* name, const char* status) {
  fleet::HostResult result;
  result.target = {name, "10.0.0.1"};
  result.reached = true;
  result.version = "0.2.0";
  auto& told = result.status.emplace();
  told.host = name;
  told.status = status;
  told.hash = "ab12";
  told.generation = 7;
  return result;
}

fleet::HostResult lost(const char* name) {
  fleet::HostResult result;
  result.target = {name, "10.0.0.2"};
  result.fault = "not reached: no route";
  result.exit_code = fleet::kNotReached;
  return result;
}

TEST(FleetText, HasALineAHostAndItsFaultBelow) {
  FleetReport report;
  report.file = "f.toml";
  report.hash = "cd34";
  report.hosts = {host("docker-200", "in_sync"), lost("b")};
  report.hosts[0].probe = fleet::ProbeTold{2, 1, false};
  EXPECT_EQ(fleet_text(report),
            "HOST        VERSION  HASH  GENERATION  STATUS   DRIFT  CONFLICTS  PROBE\n"
            "docker-200  0.2.0    ab12  7           in_sync  0      0          1 of 2\n"
            "b           -        -     -           -        -      -          -\n"
            "    not reached: no route\n"
            "2 hosts, 1 not reached, 1 with another inventory than f.toml (cd34)\n");
  EXPECT_EQ(report.exit_code(), 69);
}

TEST(FleetText, SaysOfARollOutHowFarItCame) {
  FleetReport report;
  report.action = FleetAction::kApply;
  report.hosts = {host("a", "in_sync"), host("b", "in_sync"), host("c", "in_sync"), lost("d")};
  report.hosts[0].wave = 1;
  report.hosts[0].pushed = true;
  report.hosts[0].apply.emplace().changed = true;
  report.hosts[1].wave = 2;
  report.hosts[1].pushed = true;
  report.hosts[1].fault = "its apply ended with 1: why";
  EXPECT_EQ(fleet_text(report),
            "HOST  VERSION  WAVE  RESULT\n"
            "a     0.2.0    1     changed\n"
            "b     0.2.0    2     FAILED\n"
            "    its apply ended with 1: why\n"
            "c     0.2.0    -     unchanged\n"
            "d     -        -     not reached\n"
            "    not reached: no route\n"
            "4 hosts, 1 not reached, 1 with a fault\n");
}

}  // namespace
}  // namespace overland::cli
