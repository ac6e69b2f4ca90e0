#include "cli/prometheus.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"

namespace overland::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

model::Route route(const std::string& destination) {
  model::Route one;
  one.destination = *model::Prefix::parse(destination);
  one.gateways = {*model::Address::parse("10.0.0.201")};
  return one;
}

TEST(PrometheusText, CountsDriftRepairsAndRoutes) {
  reconcile::Survey survey;
  survey.desired.routes = {route("192.168.200.0/24"), route("192.168.210.0/24")};
  survey.actual.state.routes = {route("192.168.200.0/24")};
  survey.plan.steps = {plan::RouteStep{std::nullopt, survey.desired.routes[1]}};
  survey.plan.held = {plan::RouteStep{survey.actual.state.routes[0], std::nullopt}};
  survey.plan.findings = {{model::Severity::kUnknown, "docker", "does not answer", ""}};
  survey.plan.docker_restart_required = true;
  const std::string text = prometheus_text(survey, {1700000000, 1600000000, {{"firewall", 7}}},
                                           {"0123456789abcdef", 12, true});
  for (const char* const line : {
           "overland_inventory_info{hash=\"0123456789abcdef\"} 1\n",
           "overland_inventory_generation 12\n",
           "overland_inventory_refused 1\n",
           "overland_status 2\n",
           "overland_findings 1\n",
           "overland_held_removals 1\n",
           "overland_last_run_timestamp_seconds 1700000000\n",
           "overland_last_success_timestamp_seconds 1600000000\n",
           "overland_drift_items{kind=\"route\"} 1\n",
           "overland_drift_items{kind=\"docker\"} 0\n",
           "# TYPE overland_repairs_total counter\n",
           "overland_repairs_total{kind=\"firewall\"} 7\n",
           "overland_repairs_total{kind=\"sysctl\"} 0\n",
           "overland_routes_desired 2\n",
           "overland_routes_installed 1\n",
           "overland_conflicts 0\n",
           "overland_docker_restart_required 1\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(PrometheusText, LeavesOutWhatIsNotKnown) {
  const std::string text = prometheus_text({}, {}, {"0123456789abcdef", std::nullopt, false});
  EXPECT_THAT(text, Not(HasSubstr("timestamp")));
  EXPECT_THAT(text, Not(HasSubstr("generation")));
  EXPECT_THAT(text, HasSubstr("overland_inventory_refused 0\n"));
  EXPECT_THAT(text, HasSubstr("overland_build_info{version=\""));
  EXPECT_THAT(text, HasSubstr("\noverland_status 0\n"));
}

TEST(PrometheusText, WithoutALookNobodyCanTell) {
  const std::string text = prometheus_text({1700000000, 0, {{"route", 2}}}, true);
  EXPECT_THAT(text, HasSubstr("\noverland_status 1\n"));
  EXPECT_THAT(text, HasSubstr("\noverland_inventory_refused 1\n"));
  EXPECT_THAT(text, HasSubstr("\noverland_last_run_timestamp_seconds 1700000000\n"));
  EXPECT_THAT(text, HasSubstr("\noverland_repairs_total{kind=\"route\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("overland_drift_items")));
}

TEST(WriteMetrics, MakesNoFolder) {
  std::string name = (std::filesystem::temp_directory_path() / "overland-metrics-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path folder = name;
  EXPECT_THROW(write_metrics(folder / "missing/overland.prom", "x 1\n"), base::Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
  write_metrics(folder / "overland.prom", "x 1\n");
  EXPECT_EQ(std::filesystem::file_size(folder / "overland.prom"), 4U);
  std::filesystem::remove_all(folder);
}

TEST(PrometheusText, TellsOfTheSourceWhereThereIsOne) {
  EXPECT_EQ(source_metrics(std::nullopt), "");
  source::Record record;
  record.last_success = 1700000000;
  EXPECT_THAT(source_metrics(record), HasSubstr("overland_source_fault 0\n"));
  EXPECT_THAT(source_metrics(record),
              HasSubstr("overland_source_last_success_timestamp_seconds 1700000000\n"));
  record.fault = "no answer";
  EXPECT_THAT(source_metrics(record), HasSubstr("overland_source_fault 1\n"));
}

TEST(ContentHash, IsFnv1a) {
  // From the reference's list of test vectors (draft-eastlake-fnv).
  EXPECT_EQ(content_hash(""), "cbf29ce484222325");
  EXPECT_EQ(content_hash("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(content_hash("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace overland::cli
