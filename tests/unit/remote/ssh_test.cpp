#include "remote/ssh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

using namespace std::chrono_literals;
using remote::Ended;
using ::testing::HasSubstr;

/// A program named ssh that comes first on PATH: $1 to $n are what ssh is given.
class Ssh : public Scratch {
 protected:
  void SetUp() override {
    before_ = std::getenv("PATH");
    ::setenv("PATH", (at("").string() + ":" + before_).c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }

  void is(const std::string& script) const {
    // The last two are the destination and the command.
    write("ssh", "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\nhost=$1 command=$2\n" + script);
    ASSERT_EQ(::chmod(at("ssh").c_str(), 0755), 0);
  }
  static remote::Answer one(const std::string& input = {}, const remote::Limits& limits = {}) {
    return remote::run({{.destination = "web1", .input = input}}, limits).at(0);
  }

 private:
  std::string before_;
};

TEST_F(Ssh, RunsAScriptOnAHost) {
  is("eval \"$command\"");
  const auto answer = one("echo out; echo err >&2; exit 3");
  EXPECT_EQ(answer.destination, "web1");
  EXPECT_EQ(answer.ended, Ended::kExited);
  EXPECT_EQ(answer.status, 3);
  EXPECT_EQ(answer.out, "out\n");
  EXPECT_EQ(answer.err, "err\n");
  EXPECT_EQ(remote::explain(answer), "the command ended with 3: err");
}

TEST_F(Ssh, AnswersInTheOrderOfTheJobs) {
  is("[ $host = slow ] && sleep 0.3; echo $host");
  std::vector<std::string> ended;
  const auto answers = remote::run({{"slow"}, {"quick"}}, {}, [&](const remote::Answer& answer) {
    ended.push_back(answer.destination);
    return true;
  });
  EXPECT_THAT(ended, ::testing::ElementsAre("quick", "slow"));
  EXPECT_EQ(answers.at(0).out, "slow\n");
  EXPECT_EQ(answers.at(1).out, "quick\n");
}

TEST_F(Ssh, RunsNoMoreAtOnceThanAllowed) {
  is("mkdir " + at("running-").string() + "$host; ls -d " + at("").string() +
     "running-* | wc -l; sleep 0.05; rmdir " + at("running-").string() + "$host");
  std::vector<remote::Job> jobs;
  for (int i = 0; i < 12; ++i) jobs.push_back({"host" + std::to_string(i)});
  remote::Limits limits;
  limits.parallel = 3;
  for (const auto& answer : remote::run(jobs, limits)) EXPECT_LE(std::stoi(answer.out), 3);
}

TEST_F(Ssh, StartsNoMoreWhenTold) {
  is("exit 0");
  remote::Limits limits;
  limits.parallel = 1;
  const auto answers = remote::run({{"a"}, {"b"}, {"c"}}, limits,
                                   [](const auto& a) { return a.destination != "b"; });
  EXPECT_EQ(answers.at(1).ended, Ended::kExited);
  EXPECT_EQ(answers.at(2).ended, Ended::kNotRun);
}

TEST_F(Ssh, StopsWhatIsLateAndLeavesNoProcess) {
  is("echo $$ > " + at("pid").string() + "; exec sleep 60");
  remote::Limits limits;
  limits.whole = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = one({}, limits);
  EXPECT_EQ(answer.ended, Ended::kLate);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_NE(::kill(std::stoi(text_of("pid")), 0), 0);
}

TEST_F(Ssh, KillsWhatHearsNoSignal) {
  is("trap '' TERM; while :; do sleep 0.1; done");
  remote::Limits limits;
  limits.whole = 100ms;
  EXPECT_EQ(one({}, limits).ended, Ended::kLate);
}

TEST_F(Ssh, WaitsForNobodyWhoKeptTheStreams) {
  is("sleep 3 & echo here");
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = one();
  EXPECT_EQ(answer.out, "here\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(Ssh, StopsWhatSaysTooMuch) {
  is("exec yes");
  remote::Limits limits;
  limits.out = 100'000;
  const auto answer = one({}, limits);
  EXPECT_EQ(answer.ended, Ended::kTooMuch);
  EXPECT_EQ(answer.out.size(), 100'000U);
}

TEST_F(Ssh, ThrowsAwayErrorsPastTheirLimit) {
  is("head -c 1000000 /dev/zero >&2; echo done");
  const auto answer = one();
  EXPECT_EQ(answer.ended, Ended::kExited);
  EXPECT_EQ(answer.err.size(), remote::Limits().err);
  EXPECT_EQ(answer.out, "done\n");
}

TEST_F(Ssh, FeedsMoreThanAPipeHolds) {
  is("wc -c");
  EXPECT_EQ(std::stoi(one(std::string(5'000'000, 'x')).out), 5'000'000);
}

TEST_F(Ssh, OutlivesOneThatReadsNothing) {
  is("exit 0");
  EXPECT_EQ(one(std::string(5'000'000, 'x')).ended, Ended::kExited);
}

TEST_F(Ssh, RefusesOneThatOthersCouldReplace) {
  is("exit 0");
  ASSERT_EQ(::chmod(at("ssh").c_str(), 0777), 0);
  EXPECT_THROW(one(), base::Error);
}

TEST_F(Ssh, TellsWhyItDidNotGetThere) {
  const std::vector<std::pair<std::string, Ended>> said = {
      {"root@web1: Permission denied (publickey,password).", Ended::kDenied},
      {"No ED25519 host key is known for web1 and you have requested strict checking.\n"
       "Host key verification failed.",
       Ended::kHostKey},
      {"ssh: Could not resolve hostname web1: Name or service not known", Ended::kUnreachable},
      {"ssh: connect to host web1 port 22: Connection refused", Ended::kUnreachable},
      {"ssh: connect to host web1 port 22: Connection timed out", Ended::kUnreachable},
      {"Bad owner or permissions on /root/.ssh/config", Ended::kFailed},
  };
  for (const auto& [words, ended] : said) {
    is("echo '" + words + "' >&2; exit 255");
    const auto answer = one();
    EXPECT_EQ(answer.ended, ended) << words;
    EXPECT_NE(remote::explain(answer), "");
  }
}

TEST_F(Ssh, SaysWhatItSaidWithoutControlCharacters) {
  is("printf 'ssh: \\033[31mred\\n' >&2; exit 255");
  EXPECT_THAT(remote::explain(one()), HasSubstr("\\x1b[31mred"));
}

TEST(SshArguments, AskNobodyAndRelaxNothing) {
  const auto arguments = remote::ssh_arguments({.destination = "web1", .options = {"-p", "2"}}, {});
  EXPECT_THAT(arguments, ::testing::Contains("BatchMode=yes"));
  EXPECT_THAT(arguments, ::testing::Not(::testing::Contains(HasSubstr("HostKey"))));
  const std::vector<std::string> last(arguments.end() - 5, arguments.end());
  EXPECT_THAT(last, ::testing::ElementsAre("-p", "2", "--", "web1", "sh -s"));
}

TEST(SshDestination, IsOneWordAndNoOption) {
  for (const char* const fine : {"web1", "root@10.0.0.1", "ssh://me@web1:22"}) {
    EXPECT_TRUE(remote::is_destination(fine)) << fine;
  }
  for (const char* const not_one : {"", "-oProxyCommand=x", "a b", "a\nb", "\x1b[m"}) {
    EXPECT_FALSE(remote::is_destination(not_one)) << not_one;
  }
  EXPECT_THROW(remote::run({{"-oProxyCommand=touch x"}}, {}), base::Error);
}

}  // namespace
}  // namespace overland::tests
