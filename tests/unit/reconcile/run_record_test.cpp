#include "reconcile/run_record.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace overland::reconcile {
namespace {

using testing::ElementsAre;
using testing::Pair;

class RunRecordFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ = testing::TempDir() + "/runs-" + std::to_string(::getpid());
  std::filesystem::path file_ = folder_ / "runs.json";
};

TEST_F(RunRecordFile, IsReadAsItWasWritten) {
  const RunRecord record = {
      1700000000, 1700000001, {{"route", 3}, {"firewall", 1}}, 2, {"85944171f73967e8"}};
  store_runs(file_, record);
  EXPECT_EQ(load_runs(file_), record);
}

TEST_F(RunRecordFile, AbsentOrDamagedStartsAgain) {
  EXPECT_EQ(load_runs(file_), RunRecord{});
  std::filesystem::create_directories(folder_);
  for (const char* const text : {"", "{", "[]", R"({"last_run": "x"})", R"({"last_run": 1})"}) {
    std::ofstream(file_) << text;
    EXPECT_EQ(load_runs(file_), RunRecord{}) << text;
  }
}

TEST_F(RunRecordFile, OfOtherVersionsIsUnderstood) {
  std::filesystem::create_directories(folder_);
  std::ofstream(file_) << R"({"last_run": 1, "last_success": 2, "repairs": {}})";
  EXPECT_EQ(load_runs(file_), (RunRecord{1, 2, {}})) << "an older one";
  std::ofstream(file_) << R"({"last_run": 1, "last_success": 2, "repairs": {}, "later": [{}]})";
  EXPECT_EQ(load_runs(file_), (RunRecord{1, 2, {}})) << "a newer one";
}

TEST_F(RunRecordFile, IsNotBelievedWhereOthersMayWriteTheFolder) {
  store_runs(file_, {1700000000, 1700000001, {}});
  ::chmod(folder_.c_str(), 0777);
  EXPECT_EQ(load_runs(file_), RunRecord{});
}

TEST(RunRecord, CountsDoneStepsOnly) {
  const plan::RouteStep route;
  RunRecord record;
  record.repairs["route"] = 1;
  count_repairs({{route, Status::kDone, false, {}},
                 {route, Status::kFailed, false, std::string("why")},
                 {plan::FirewallStep{}, Status::kDone, false, {}},
                 {plan::RestartDockerStep{}, Status::kSkipped, false, std::string("why")}},
                record);
  EXPECT_THAT(record.repairs, ElementsAre(Pair("firewall", 1), Pair("route", 2)));
}

}  // namespace
}  // namespace overland::reconcile
