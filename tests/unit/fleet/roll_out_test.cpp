// Who takes a file, who gets it when, and where a roll-out ends.

#include "fleet/roll_out.h"

#include <gmock/gmock.h>

#include "fleet/waves.h"
#include "unit/fleet/answers.h"

namespace overland::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace tests;

TEST(Waves, AreOneThenATenthThenTheOthers) {
  EXPECT_THAT(wave_sizes(0), IsEmpty());
  EXPECT_THAT(wave_sizes(1), ElementsAre(1));
  EXPECT_THAT(wave_sizes(2), ElementsAre(1, 1));
  EXPECT_THAT(wave_sizes(3), ElementsAre(1, 1, 1));
  EXPECT_THAT(wave_sizes(100), ElementsAre(1, 10, 89));
  EXPECT_THAT(wave_sizes(101), ElementsAre(1, 11, 89));
}

class Check : public testing::Test {
 protected:
  HostResult check_one(const Offer& offer = {"version = 1\n", 8}) {
    return check(answers.asking(), targets({"a"}), offer).front();
  }
  Answers answers;
};

TEST_F(Check, AHostThatWouldTakeItIsFine) {
  answers.say("a", "Welcome!\n" + takes("a"));
  const auto host = check_one();
  EXPECT_EQ(host.fault, "");
  EXPECT_EQ(host.sum, "1234 99");
  EXPECT_EQ(host.version, "0.2.0");
  EXPECT_EQ(host.plan->steps, 2U);
}

TEST_F(Check, ALowerGenerationIsRefused) {
  answers.say("a", takes("a", "9"));
  answers.say("a", takes("a", "9"));
  answers.say("a", takes("a", "9"));
  answers.say("a", takes("a", "8"));
  const auto host = check_one();
  EXPECT_EQ(host.fault, "the file is of generation 8, and a has 9");
  EXPECT_EQ(host.exit_code, kRefused);
  EXPECT_EQ(check_one({"", {}}).fault, "the file has no generation, and a has 9");
  EXPECT_TRUE(check_one({"", 8, true}).fine());
  EXPECT_TRUE(check_one().fine()) << "the same again";
}

TEST_F(Check, AHostThatIsAnotherIsRefused) {
  answers.say("a", takes("b"));
  EXPECT_EQ(check_one().fault,
            "who answers there is b by its own account; the inventory has a there");
}

TEST_F(Check, WhatItsOverlandRefusesIsToldWithItsLine) {
  answers.say("a",
              part("version", "overland 0.1.0") + part("sum", "none") +
                  part("validate",
                       R"({"schema_version":2,"valid":false,"diagnostics":[{"severity":"error",)"
                       R"("line":3,"code":"OVL-E011","message":"unknown key \u001b[31m"}]})",
                       78));
  const auto host = check_one();
  EXPECT_EQ(host.fault, "its overland refuses the file: line 3: OVL-E011: unknown key \\x1b[31m");
  EXPECT_EQ(host.exit_code, kRefused);
}

TEST_F(Check, WhatItCouldNotCarryOutIsRefusedInItsWords) {
  answers.say("a",
              part("version", "overland 0.2.0") + part("sum", "none") + part("validate", kValid) +
                  part("plan", "", 78),
              "overland: error: this machine is not in it\n");
  const auto host = check_one();
  EXPECT_EQ(host.fault, "its plan ended with 78: overland: error: this machine is not in it");
  EXPECT_EQ(host.exit_code, kRefused);
}

TEST_F(Check, ABrokenFileThereIsNoObstacle) {
  answers.say("a", part("version", "overland 0.2.0") + part("status", "", 78) +
                       part("sum", "77 3") + part("validate", kValid) +
                       part("plan", plan_json("a")));
  EXPECT_TRUE(check_one().fine());
}

TEST_F(Check, AnswersThatAreNoneAreFaults) {
  const std::string version = part("version", "overland 0.2.0");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no shell answers there"},
      {part("version", "", 127), "overland is not installed there"},
      {part("version", "hello"), "it tells no version"},
      {version, "its answer ends before its validate"},
      {version + part("validate", "{"), "its validation is no JSON"},
      {version + part("validate", R"({"schema_version":3})"), "is of schema 3, which"},
      {version + part("validate", kValid) + part("plan", plan_json("a")) + part("sum", "1; reboot"),
       "it does not say what file it has"},
  };
  for (const auto& [out, fault] : cases) answers.say("a", out);
  for (const auto& [out, fault] : cases) {
    const auto host = check_one();
    EXPECT_THAT(host.fault, HasSubstr(fault));
    EXPECT_NE(host.exit_code, 0);
  }
}

TEST_F(Check, OneThatIsNotReachedHasACodeOfItsOwn) {
  answers.end("a", remote::Ended::kUnreachable);
  const auto host = check_one();
  EXPECT_THAT(host.fault, HasSubstr("not reached"));
  EXPECT_EQ(host.exit_code, kNotReached);
  EXPECT_FALSE(host.reached);
}

class RollOut : public testing::Test {
 protected:
  /// All take it; then each answers as it was told to.
  std::vector<HostResult> run(const std::vector<std::string>& names, bool apply = true) {
    Offer offer{"version = 1\n", 8};
    offer.apply = apply;
    offer.options = {"--prune"};
    auto hosts = check(answers.asking(), targets(names), offer);
    roll_out(answers.asking(), offer, hosts);
    return hosts;
  }
  Answers answers;
};

TEST_F(RollOut, GoesThroughAllWaves) {
  for (const char* name : {"a", "b", "c"}) {
    answers.say(name, takes(name));
    answers.say(name, applies(name));
  }
  const auto hosts = run({"a", "b", "c"});
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    EXPECT_EQ(hosts[i].wave, i + 1);
    EXPECT_EQ(hosts[i].exit_code, 0) << hosts[i].fault;
    EXPECT_TRUE(hosts[i].pushed);
  }
  EXPECT_THAT(answers.scripts["a"].back(), HasSubstr("replace '1234 99'"));
  EXPECT_THAT(answers.scripts["a"].back(), HasSubstr("--wait 120 '--prune'"));
}

TEST_F(RollOut, TheFirstFailureIsTheLastWave) {
  for (const char* name : {"a", "b", "c"}) answers.say(name, takes(name));
  answers.say("a", applies("a"));
  answers.say("b",
              part("version", "overland 0.2.0") + part("install", "") +
                  part("apply", apply_json("b", false), 1),
              "overland: error: firewall failed\n");
  const auto hosts = run({"a", "b", "c"});
  EXPECT_EQ(hosts[1].fault, "its apply ended with 1: overland: error: firewall failed");
  EXPECT_EQ(hosts[1].exit_code, 1);
  EXPECT_TRUE(hosts[1].pushed);
  EXPECT_FALSE(hosts[2].wave);
  EXPECT_FALSE(hosts[2].pushed);
  EXPECT_EQ(answers.scripts["c"].size(), 1U) << "nothing was sent there but the check";
}

TEST_F(RollOut, ALostConnectionEndsItToo) {
  for (const char* name : {"a", "b"}) answers.say(name, takes(name));
  answers.end("a", remote::Ended::kLate, part("version", "overland 0.2.0") + part("install", ""));
  const auto hosts = run({"a", "b"});
  EXPECT_TRUE(hosts[0].pushed) << "as far as was heard";
  EXPECT_EQ(hosts[0].exit_code, kNotReached);
  EXPECT_FALSE(hosts[1].wave);
}

TEST_F(RollOut, WhoeverWasNotFineIsLeftOut) {
  answers.end("a", remote::Ended::kUnreachable);
  answers.say("b", takes("b"));
  answers.say("b", applies("b"));
  const auto hosts = run({"a", "b"});
  EXPECT_FALSE(hosts[0].wave);
  EXPECT_EQ(hosts[1].wave, 1U);
}

TEST_F(RollOut, PushAloneIsOneWaveAndAppliesNothing) {
  for (const char* name : {"a", "b"}) {
    answers.say(name, takes(name));
    answers.say(name, part("version", "overland 0.2.0") + part("install", "", 0));
  }
  const auto hosts = run({"a", "b"}, false);
  EXPECT_EQ(hosts[1].wave, 1U);
  EXPECT_TRUE(hosts[1].pushed);
  EXPECT_THAT(answers.scripts["b"].back(), testing::Not(HasSubstr("overland apply")));
}

TEST_F(RollOut, AFileThatChangedMeanwhileStays) {
  answers.say("a", takes("a"));
  answers.say("a", part("version", "overland 0.2.0") + part("install", "", 75),
              "/etc/overland/inventory.toml was changed meanwhile: begin again\n");
  const auto hosts = run({"a"});
  EXPECT_FALSE(hosts[0].pushed);
  EXPECT_EQ(hosts[0].exit_code, kBusy);
  EXPECT_THAT(hosts[0].fault, HasSubstr("changed meanwhile"));
}

}  // namespace
}  // namespace overland::fleet
