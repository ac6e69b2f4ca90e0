#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Arguments = std::vector<std::string>;

/// Of a verb that takes all common options and no unnamed argument.
po::variables_map given(const Arguments& arguments) {
  auto description = report_options();
  description.add(lock_options());
  return parse(arguments, "plan [OPTIONS]", description).value();
}

std::string fault(const Arguments& arguments) {
  try {
    read_options(given(arguments));
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  return "no fault";
}

TEST(Options, SecondsHaveARange) {
  EXPECT_EQ(read_options(given({"--wait", "0", "--xtables-wait=86400"})).xtables_wait_seconds,
            86400U);
  for (const char* const wrong : {"-1", "86401", "99999999999"}) {
    EXPECT_EQ(fault({std::string("--wait=") + wrong}), "--wait takes 0 to 86400 seconds") << wrong;
  }
  EXPECT_THAT(fault({"--wait", "5s"}), AllOf(HasSubstr("5s"), HasSubstr("overland plan --help")));
}

TEST(Options, EmptyTextIsNoValue) {
  EXPECT_EQ(fault({"--inventory", ""}), "--inventory is empty");
  EXPECT_EQ(fault({"--host", ""}), "--host is empty");
}

TEST(Options, FaultsNameTheVerbsHelp) {
  EXPECT_EQ(fault({"extra"}), "too many arguments: overland plan [OPTIONS]");
  EXPECT_THAT(fault({"--hots", "a"}), AllOf(HasSubstr("--hots"), HasSubstr("plan --help")));
  EXPECT_THAT(fault({"--host", "a", "--host", "b"}), HasSubstr("more than once"));
}

TEST(Options, ContradictionsAreRefused) {
  const auto values = given({"--json", "--host", "a"});
  EXPECT_NO_THROW(refuse_both(values, "json", "firewall"));  // a default is not given
  EXPECT_THROW(refuse_both(values, "json", "host"), base::Error);
}

struct Run {
  int code;
  std::string error;
};

Run run_with(const Arguments& arguments) {
  ::testing::internal::CaptureStderr();
  const int code = run(arguments);
  return {code, ::testing::internal::GetCapturedStderr()};
}

TEST(CommandLine, AnUnknownVerbIsToldTheNearest) {
  const auto [code, error] = run_with({"aply"});
  EXPECT_EQ(code, kUsage);
  EXPECT_THAT(error, HasSubstr("did you mean apply?"));
  EXPECT_THAT(run_with({"frobnicate"}).error, HasSubstr("overland --help"));
}

std::string output_of(const Arguments& arguments) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run(arguments), kOk);
  return ::testing::internal::GetCapturedStdout();
}

TEST(CommandLine, HelpAndVersionGoByEveryUsualName) {
  EXPECT_EQ(output_of({"help"}), output_of({"--help"}));
  EXPECT_THAT(output_of({"help", "plan"}), HasSubstr("Usage: overland plan"));
  EXPECT_EQ(output_of({"help", "plan"}), output_of({"plan", "--help"}));
  EXPECT_EQ(output_of({"version"}), output_of({"--version"}));
  EXPECT_EQ(output_of({"-V"}), output_of({"--version"}));
  const auto [code, error] = run_with({"help", "aply"});
  EXPECT_EQ(code, kUsage);
  EXPECT_THAT(error, HasSubstr("did you mean apply?"));
}

TEST(CommandLine, HelpOffersADocumentWhereThereIsOne) {
  EXPECT_THAT(output_of({"status", "--help"}), HasSubstr("--json"));
  for (const char* const verb : {"watch", "graph"}) {
    EXPECT_THAT(output_of({verb, "--help"}), Not(HasSubstr("--json"))) << verb;
    EXPECT_EQ(run_with({verb, "--json"}).code, kUsage) << verb;
  }
}

TEST(CommandLine, NothingATerminalObeysIsPrinted) {
  for (const Arguments& arguments :
       {Arguments{"\x1b[31m"}, Arguments{"plan", "--\x1b[31m"},
        Arguments{"validate", "/no/\x1b[31m"}, Arguments{"plan", "--allow-cover", "\x1b[31m"}}) {
    const auto [code, error] = run_with(arguments);
    EXPECT_TRUE(code == kUsage || code == kInventory) << code;
    EXPECT_THAT(error, AllOf(HasSubstr("\\x1b[31m"), Not(HasSubstr("\x1b"))));
  }
}

TEST(CommandLine, EveryLineOfAnErrorHasItsPrefix) {
  ::testing::internal::CaptureStderr();
  set_up_log();
  log_lines(spdlog::level::err, "one\ntwo\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "overland: error: one\noverland: error: two\n");
}

TEST(CommandLine, AnApplyAtBootTakesNothingThatContradictsIt) {
  EXPECT_EQ(run_with({"apply", "--boot", "--restart-docker"}).code, kUsage);
  EXPECT_EQ(run_with({"apply", "--boot", "--prune"}).code, kUsage);
  EXPECT_EQ(run_with({"status", "--json", "--prometheus", "-"}).code, kUsage);
}

}  // namespace
}  // namespace overland::cli
