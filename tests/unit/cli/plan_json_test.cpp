#include "cli/plan_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;

TEST(PlanJson, CarriesVersionStepsAndRestart) {
  model::Observed actual{two_hosts_fresh()};
  actual.findings = {{model::Severity::kUntold, "firewall", "may drop", "look"},
                     {model::Severity::kConflict, "firewall", "drops", "move it"}};
  const auto plan = plan::make_plan(actual, two_hosts_desired(), running_docker());
  const auto json = nlohmann::json::parse(cli::plan_json(plan, "docker-200"));
  EXPECT_EQ(json.at("schema_version"), 2);
  EXPECT_EQ(json.at("in_sync"), false);
  EXPECT_EQ(json.at("changed"), true);
  EXPECT_EQ(json.at("summary").at("add"), 2);
  EXPECT_EQ(json.at("steps").size(), 4U);
  EXPECT_EQ(json.at("steps")[2].at("resource"), "route 192.168.200.0/24");
  EXPECT_EQ(json.at("findings").size(), 0U);
  EXPECT_EQ(json.at("conflicts")[0].at("remedy"), "move it");
  EXPECT_EQ(json.at("advice")[0].at("message"), "may drop");
  EXPECT_EQ(json.at("docker_restart_required"), true);
}

}  // namespace
}  // namespace overland
