// docker.service over D-Bus, against a systemd of our own.

#include "docker/systemd_unit.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "netns/docker/fake_docker.h"
#include "netns/docker/fake_systemd.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::FakeSystemd;
using tests::FakeUnit;

class SystemdUnit : public tests::Sandbox {
 protected:
  std::filesystem::path socket() { return machine_.root / "systemd.sock"; }

  std::string failure(const FakeUnit& unit) {
    const FakeSystemd systemd(socket(), unit);
    try {
      restart_docker_unit(std::chrono::seconds(1), {systemd.address()});
    } catch (const base::Error& error) {
      return error.what();
    }
    return "restarted";
  }

  tests::FakeMachine machine_;
};

TEST_F(SystemdUnit, ReadsTheCommandOfTheUnit) {
  const FakeSystemd systemd(socket(), {.environment_file = "/etc/default/docker"});
  const auto unit = docker_unit({systemd.address()});
  ASSERT_TRUE(unit);
  EXPECT_THAT(unit->arguments, ElementsAre("-H", "fd://", "--bridge=${BRIDGE}", "$DOCKER_OPTS"));
  EXPECT_THAT(unit->environment, ElementsAre("BRIDGE=br7"));
  EXPECT_THAT(unit->environment_files, ElementsAre("/etc/default/docker"));
}

TEST_F(SystemdUnit, IsEmptyWhereThereIsNoUnit) {
  const FakeSystemd systemd(socket(), {.load_state = "not-found"});
  EXPECT_FALSE(docker_unit({systemd.address()}));
}

TEST_F(SystemdUnit, SaysThatNobodyAnswers) {
  EXPECT_THROW(docker_unit({"unix:path=" + socket().string()}), base::Error);
}

TEST_F(SystemdUnit, WaitsForTheJobOfTheRestart) { EXPECT_EQ(failure({}), "restarted"); }

TEST_F(SystemdUnit, TellsTheRemedyOfAFailedRestart) {
  EXPECT_THAT(failure({.load_state = "masked"}), HasSubstr("the unit is masked"));
  EXPECT_THAT(failure({.job_result = "failed", .result = "exit-code"}),
              HasSubstr("(job failed, result exit-code); see `journalctl -u docker.service`"));
  EXPECT_THAT(failure({.job_result = "failed", .result = "start-limit-hit"}),
              HasSubstr("then run `systemctl reset-failed docker.service`"));
  EXPECT_THAT(failure({.job_result = ""}), HasSubstr("has not restarted within 1 s"));
}

TEST_F(SystemdUnit, GivesTheEngineItsFlagsAndItsRestart) {
  machine_.install("28.5.2");
  machine_.start(123);
  machine_.write("opts", "DOCKER_OPTS=\"--bip=10.0.0.1/24\"\n");
  std::filesystem::create_directories(machine_.places.systemd);
  const FakeSystemd systemd(socket(), {.environment_file = machine_.root / "opts",
                                       .on_restart = [&] { machine_.start(124); }});
  machine_.places.systemd_bus = systemd.address();
  const tests::FakeApi api(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  Engine engine(machine_.places);
  EXPECT_THAT(engine.facts().flags, ElementsAre("--bip=10.0.0.1/24 on the unit docker.service",
                                                "--bridge=br7 on the unit docker.service"));
  engine.restart();
  EXPECT_THAT(engine.facts().instance, ::testing::StartsWith("124:"));
}

}  // namespace
}  // namespace overland::docker
