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
  const auto unit = docker_unit(std::chrono::seconds(5), {systemd.address()});
  ASSERT_TRUE(unit);
  EXPECT_EQ(unit->program, "/usr/sbin/dockerd");
  EXPECT_THAT(unit->arguments, ElementsAre("-H", "fd://", "--bridge=${BRIDGE}", "$DOCKER_OPTS"));
  EXPECT_THAT(unit->environment, ElementsAre("BRIDGE=br7"));
  EXPECT_THAT(unit->environment_files, ElementsAre("/etc/default/docker"));
  EXPECT_FALSE(unit->running);
  EXPECT_FALSE(unit->on_demand);
}

TEST_F(SystemdUnit, OfTheSnapIsFoundAndRestartedWhereThereIsNoOther) {
  {
    const FakeSystemd systemd(socket(), {.snap = true, .program = "/usr/bin/snap"});
    const auto unit = docker_unit(std::chrono::seconds(5), {systemd.address()});
    ASSERT_TRUE(unit);
    EXPECT_THAT(unit->arguments,
                ElementsAre("--config-file=/var/snap/docker/current/config/daemon.json"));
  }
  EXPECT_EQ(failure({.snap = true}), "restarted");
  EXPECT_THAT(failure({.snap = true, .job_result = "failed"}),
              HasSubstr("see `journalctl -u snap.docker.dockerd.service`"));
}

TEST_F(SystemdUnit, IsEmptyWhereThereIsNoUnit) {
  const FakeSystemd systemd(socket(), {.load_state = "not-found"});
  EXPECT_FALSE(docker_unit(std::chrono::seconds(5), {systemd.address()}));
}

TEST_F(SystemdUnit, AMaskedOneStartsNothing) {
  const FakeSystemd systemd(socket(), {.load_state = "masked"});
  EXPECT_FALSE(docker_unit(std::chrono::seconds(5), {systemd.address()}));
}

TEST_F(SystemdUnit, OneThatCannotBeLoadedIsUnknown) {
  const FakeSystemd systemd(socket(), {.load_state = "bad-setting"});
  EXPECT_THROW(docker_unit(std::chrono::seconds(5), {systemd.address()}), base::Error);
}

/// Whoever accepts and says nothing, not even a greeting, or says something else.
class Impostor {
 public:
  Impostor(const std::filesystem::path& path, const std::string& words)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    if (words.empty()) return;
    thread_ = std::thread([this, words] {
      const base::UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
      if (!client.valid()) return;
      static_cast<void>(::send(client.get(), words.data(), words.size(), MSG_NOSIGNAL));
      ::usleep(300'000);
    });
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;
  ~Impostor() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

 private:
  base::UniqueFd listener_;
  std::thread thread_;
};

TEST_F(SystemdUnit, IsNotWaitedForLongerThanAsked) {
  const Impostor silent(socket(), "");
  const auto begin = std::chrono::steady_clock::now();
  try {
    docker_unit(std::chrono::milliseconds(300), {"unix:path=" + socket().string()});
    ADD_FAILURE() << "answered";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ETIMEDOUT);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(SystemdUnit, IsUnknownToFactsWhereItSaysNothingOrJunk) {
  machine_.install("28.5.2");
  std::filesystem::create_directories(machine_.places.systemd);
  machine_.places.systemd_bus = "unix:path=" + socket().string();
  for (const char* words :
       {"", "junk\r\n", "OK 0123456789abcdef0123456789abcdef\r\nl\xff\xff\xff"}) {
    std::filesystem::remove(socket());
    const Impostor impostor(socket(), words);
    Engine engine(machine_.deadline, machine_.places, {.answer = std::chrono::milliseconds(500)});
    const auto begin = std::chrono::steady_clock::now();
    for (int look = 0; look < 8; ++look) {
      const model::DockerFacts found = engine.facts();
      EXPECT_TRUE(found.installed);
      EXPECT_FALSE(found.running);
      ASSERT_EQ(found.unknown.size(), 1U) << words;
      EXPECT_THAT(found.unknown[0].message, HasSubstr("systemd cannot be asked: "));
      EXPECT_EQ(found.unknown[0].resource, "docker.service");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  }
}

TEST_F(SystemdUnit, SaysThatNobodyAnswers) {
  EXPECT_THROW(docker_unit(std::chrono::seconds(5), {"unix:path=" + socket().string()}),
               base::Error);
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
  Engine engine(machine_.deadline, machine_.places);
  EXPECT_THAT(engine.facts().flags, ElementsAre("--bip=10.0.0.1/24 on the unit docker.service",
                                                "--bridge=br7 on the unit docker.service"));
  engine.restart();
  EXPECT_THAT(engine.facts().instance, ::testing::StartsWith("124:"));
}

}  // namespace
}  // namespace overland::docker
