// What hosts tell of themselves, honest and other.

#include "fleet/look.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "fleet/script.h"
#include "unit/fleet/answers.h"
#include "unit/states.h"

namespace overland::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace tests;

const std::string kVersion = part("version", "overland 0.2.0");

std::string probe_json(const std::string& peers) {
  return R"({"schema_version":2,"reached":false,"stands":[{"peers":[{"reached":true}]},)"
         R"({"peers":)" +
         peers + "}]}";
}

class Status : public testing::Test {
 protected:
  HostResult ask(bool probe = true) {
    return ask_status(answers.asking(), targets({"a"}), probe).front();
  }
  Answers answers;
};

TEST_F(Status, IsCountedAndGradedAsOnTheHostItself) {
  answers.say("a", kVersion + part("status", status_json("a", "7", "conflict")) +
                       part("probe", probe_json(R"([{"reached":true},{"reached":false}])"), 1));
  const auto host = ask();
  EXPECT_EQ(host.fault, "");
  EXPECT_EQ(host.exit_code, 3);
  EXPECT_EQ(host.status->drift, 2U) << "a setting, and a route";
  EXPECT_EQ(host.status->conflicts, 1U);
  EXPECT_EQ(host.status->generation, 7);
  EXPECT_EQ(host.probe->reached, 1U);
  EXPECT_EQ(host.probe->peers, 2U) << "of the stand that reaches fewest";
}

TEST_F(Status, APeerThatIsNotReachedCounts) {
  answers.say("a", kVersion + part("status", status_json("a")) +
                       part("probe", probe_json(R"([{"reached":false}])"), 1));
  EXPECT_EQ(ask().exit_code, 1);
}

TEST_F(Status, ARefusedFileIsAFaultAndTheRestIsShown) {
  std::string json = status_json("a");
  json.replace(json.find(R"("refused":"")"), 12, R"("refused":"line 3: \u001b[2J")");
  answers.say("a", kVersion + part("status", json, 78));
  const auto host = ask(false);
  EXPECT_EQ(host.exit_code, kRefused);
  EXPECT_EQ(host.fault, "its file does not count: line 3: \\x1b[2J");
  EXPECT_TRUE(host.status);
}

TEST_F(Status, WhatItCannotTellItSaysWhy) {
  answers.say("a", kVersion + part("status", "", 1), "noise\nsudo: a password is required\n");
  const auto host = ask();
  EXPECT_EQ(host.fault, "its status ended with 1: sudo: a password is required");
  EXPECT_EQ(host.exit_code, 1);
  EXPECT_TRUE(host.reached);
}

TEST_F(Status, JunkIsAFaultAndNeverPrintedAsItIs) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "its status is no JSON"},
      {R"({"schema_version":1})", "its status is of schema 1, which this overland does not read"},
      {R"({"schema_version":2})", "its status has no host"},
      {R"({"schema_version":2,"host":7})", "its status has a host that is none"},
      {status_json("a", "1e300"), "its status has a generation that is none"},
      {status_json("a", "7", "fine"), "its status has an unknown status"},
      {status_json("a\\u001b[31m"), "who answers there is a\\x1b[31m"},
      {std::string(200000, '['), "its status is"},
      {"\xff\xfe", "its status is no JSON"},
  };
  for (const auto& [json, fault] : cases) answers.say("a", kVersion + part("status", json));
  for (const auto& [json, fault] : cases) {
    const auto host = ask(false);
    EXPECT_THAT(host.fault, HasSubstr(fault));
    EXPECT_EQ(host.fault.find('\x1b'), std::string::npos);
    EXPECT_LT(host.fault.size(), 600U);
    EXPECT_EQ(host.exit_code, 1);
  }
}

TEST(Plan, IsCountedAndIsTwoWhereSomethingChanges) {
  Answers answers;
  answers.say("a", kVersion + part("plan", plan_json("a")));
  const auto host = ask_plan(answers.asking(), targets({"a"}), "x").front();
  EXPECT_EQ(host.plan->steps, 2U);
  EXPECT_EQ(host.exit_code, 2);
}

TEST(Parts, AreWhatStandsBetweenTheirLines) {
  const std::string answer =
      "motd\n@begin a\none\n@begin b\ntwo\n@end 3\n@end 4\n@begin a\n@end 0\n"
      "@begin c\ncut";
  const auto parts = parts_of(answer);
  EXPECT_EQ(parts.at("a").text, "one\n@begin b\ntwo\n");
  EXPECT_EQ(parts.at("a").status, 3) << "the first counts";
  EXPECT_EQ(parts.at("c").text, "cut");
  EXPECT_EQ(parts.at("c").status, std::nullopt);
  EXPECT_EQ(parts_of("@begin x\n@end 256\n").at("x").status, std::nullopt);
  EXPECT_EQ(parts_of("@begin x\n@end -1\n").at("x").status, std::nullopt);
  EXPECT_EQ(parts_of("@begin x").at("x").text, "");
  EXPECT_TRUE(parts_of("").empty());
}

TEST(Script, CarriesAnyBytes) {
  EXPECT_EQ(base64(""), "\n");
  EXPECT_EQ(base64("f"), "Zg==\n");
  EXPECT_EQ(base64("fo"), "Zm8=\n");
  EXPECT_EQ(base64("foo\xff"), "Zm9v/w==\n");
  const std::string hostile = "'; reboot #\nEND\n$(reboot)`reboot`";
  EXPECT_EQ(plan_script(hostile).find("reboot"), std::string::npos);
  const auto script = install_script({hostile, "1 2", true, {"--x'y"}});
  EXPECT_EQ(script.find("reboot"), std::string::npos);
  EXPECT_THAT(script, HasSubstr(" '--x'\\''y'"));
}

}  // namespace
}  // namespace overland::fleet
