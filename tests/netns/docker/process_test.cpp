// Which processes count as this machine's Docker, on a procfs of the test's own.

#include <gmock/gmock.h>

#include "docker/api_facts.h"
#include "netns/docker/fake_docker.h"
#include "netns/docker/fake_systemd.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DockerProcess : public tests::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    machine_.install("28.5.2");
    machine_.start(123, {"--bip=10.0.0.1/24", "--config-file=" + evil().string()});
    // So that a process is looked for where no pid file names one.
    api_.emplace(machine_.places.socket,
                 std::map<std::string, std::string>{{"/info", "{}"}, {"/networks", "[]"}});
  }

  std::filesystem::path evil() { return machine_.root / "evil.json"; }
  model::DockerFacts facts() { return Engine(machine_.deadline, machine_.places).facts(); }
  void status(const std::string& lines) { machine_.write("proc/123/status", lines); }
  void replace_program() {
    std::filesystem::rename(machine_.root / "dockerd", machine_.root / "dockerd (deleted)");
    machine_.runs(123, machine_.root / "dockerd (deleted)");
    machine_.install("29.0.0");
  }

  /// It is neither believed nor a doubt: anybody could make one.
  void expect_nobody() {
    for (const bool named : {true, false}) {
      if (!named) std::filesystem::remove(machine_.places.pidfile);
      const model::DockerFacts found = facts();
      EXPECT_TRUE(found.installed);
      EXPECT_FALSE(found.running);
      EXPECT_EQ(found.instance, "");
      EXPECT_THAT(found.flags, IsEmpty());
      EXPECT_THAT(found.unknown, IsEmpty());
    }
    Engine engine(machine_.deadline, machine_.places);
    plan::DockerStep step;
    step.to = model::DockerSettings{};
    step.to->keys = {{"bip", "\"192.168.100.1/24\""}};
    engine.apply(step);
    EXPECT_FALSE(std::filesystem::exists(evil()));
    EXPECT_THAT(machine_.read("etc/docker/daemon.json"), HasSubstr("192.168.100.1/24"));
  }

  /// It may be Docker, and root should say.
  void expect_doubt(const std::string& message) {
    const model::DockerFacts found = facts();
    EXPECT_TRUE(found.installed);
    EXPECT_TRUE(found.running);
    EXPECT_EQ(found.instance, "");
    EXPECT_THAT(found.flags, IsEmpty());
    ASSERT_EQ(found.unknown.size(), 1U);
    EXPECT_THAT(found.unknown[0].message, HasSubstr(message));
    EXPECT_NE(found.unknown[0].remedy, "");
    EXPECT_THROW(Engine(machine_.deadline, machine_.places).file(), base::Error);
  }

  tests::FakeMachine machine_;
  std::optional<tests::FakeApi> api_;
};

TEST_F(DockerProcess, IsNobodyAsAnotherUser) {
  status("Tgid:\t123\nUid:\t1000\t1000\t1000\t1000\n");
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyWithAnotherUserBehindIt) {
  status("Tgid:\t123\nUid:\t1000\t0\t0\t0\n");  // a set-uid program
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyInAnotherNamespace) {
  machine_.namespaces("123", "net:[2]");
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyAsAThread) {
  status("Tgid:\t122\nUid:\t0\t0\t0\t0\n");
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyAsAZombie) {
  std::filesystem::remove(machine_.root / "proc/123/exe");
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyByTheNameItWasStartedBy) {
  machine_.write("bin/sudo", "");
  machine_.runs(123, machine_.root / "bin/sudo");
  expect_nobody();
}

TEST_F(DockerProcess, IsNobodyWithAProgramThatGivesItsUserRoot) {
  machine_.write("tmp/dockerd", "");
  std::filesystem::permissions(machine_.root / "tmp/dockerd",
                               std::filesystem::perms::set_uid | std::filesystem::perms::all);
  machine_.runs(123, machine_.root / "tmp/dockerd");
  expect_nobody();
}

TEST_F(DockerProcess, IsADoubtWithAProgramNobodyNamed) {
  machine_.program("opt/dockerd", "exit 1\n");
  machine_.runs(123, machine_.root / "opt/dockerd");
  expect_doubt("its program " + (machine_.root / "opt/dockerd").string() +
               " is none that is known");
  machine_.places.programs.insert(machine_.places.programs.begin(), machine_.root / "opt/dockerd");
  EXPECT_THAT(facts().flags, ElementsAre(HasSubstr("--bip=10.0.0.1/24"), HasSubstr("evil")));
}

TEST_F(DockerProcess, MayRunTheProgramOfTheUnit) {
  machine_.program("opt/dockerd", "echo 'Docker version 27.0.1, build 0'\n");
  machine_.runs(123, machine_.root / "opt/dockerd");
  std::filesystem::create_directories(machine_.places.systemd);
  const tests::FakeSystemd systemd(machine_.root / "systemd.sock",
                                   {.program = machine_.root / "opt/dockerd"});
  machine_.places.systemd_bus = systemd.address();
  const model::DockerFacts found = facts();
  EXPECT_EQ(found.instance, "123:4711");
}

TEST_F(DockerProcess, IsADoubtWithAProgramOthersMayReplace) {
  ASSERT_EQ(::chmod((machine_.root / "dockerd").c_str(), 0777), 0);
  expect_doubt("dockerd may be written by others than root; run `chmod go-w ");
}

TEST_F(DockerProcess, CountsWhileItsProgramIsReplacedByAnUpgrade) {
  replace_program();
  const model::DockerFacts found = facts();
  EXPECT_EQ(found.instance, "123:4711");
  EXPECT_THAT(found.unknown, IsEmpty());
}

TEST_F(DockerProcess, IsADoubtWhereOnlyItsNameSaysThatItWasReplaced) {
  replace_program();
  std::filesystem::remove(machine_.places.pidfile);
  expect_doubt("dockerd (deleted) is none that is known");
}

TEST_F(DockerProcess, IsNotNamedByAPidFileOfAnothers) {
  replace_program();
  ASSERT_EQ(::chown(machine_.places.pidfile.c_str(), 65534, 65534), 0);
  expect_doubt("dockerd (deleted) is none that is known");
}

TEST_F(DockerProcess, IsFoundBehindAPidFileThatLeadsElsewhere) {
  machine_.start(124, {"--bip=10.0.0.2/24"});
  status("Tgid:\t123\nUid:\t1000\t1000\t1000\t1000\n");
  machine_.write("docker.pid", "123");
  EXPECT_THAT(facts().flags, ElementsAre(HasSubstr("--bip=10.0.0.2/24")));
}

TEST_F(DockerProcess, IsNotAskedForWhatOthersMayReplace) {
  std::filesystem::remove_all(machine_.root / "proc/123");
  machine_.program("dockerd", "echo ran > " + (machine_.root / "marker").string() + "\n");
  ASSERT_EQ(::chown((machine_.root / "dockerd").c_str(), 65534, 65534), 0);
  const model::DockerFacts found = facts();
  EXPECT_TRUE(found.installed);
  EXPECT_FALSE(found.running);
  ASSERT_EQ(found.unknown.size(), 1U);
  EXPECT_THAT(found.unknown[0].message, HasSubstr("belongs to user 65534; run `chown root "));
  EXPECT_FALSE(std::filesystem::exists(machine_.root / "marker"));
}

}  // namespace
}  // namespace overland::docker
