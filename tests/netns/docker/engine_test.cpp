// Engine's reading, writing and restarting, on files and programs of the test's own.

#include "docker/engine.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/error.h"
#include "netns/docker/fake_docker.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;
using tests::FakeApi;

const std::string kBip = "\"192.168.100.1/24\"";
constexpr const char* kFile = "etc/docker/daemon.json";

class DockerEngine : public tests::Sandbox {
 protected:
  static plan::DockerStep step(model::DaemonKeys keys) {
    plan::DockerStep change;
    change.to = model::DockerSettings{};
    change.to->keys = std::move(keys);
    return change;
  }

  template <typename Action>
  static base::Error refusal(Action action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error;
    }
    ADD_FAILURE() << "accepted";
    return {base::ErrorKind::kFailure, ""};
  }

  tests::FakeMachine machine_;
  Engine engine_{machine_.deadline,
                 machine_.places,
                 {std::chrono::seconds(1), std::chrono::seconds(5), std::chrono::seconds(5),
                  std::chrono::seconds(1)}};
};

TEST_F(DockerEngine, MakesTheFileAndItsFolder) {
  engine_.apply(step({{"bip", kBip}}));
  EXPECT_EQ(machine_.read(kFile), "{\n  \"bip\": \"192.168.100.1/24\"\n}\n");
  struct stat status = {};
  ASSERT_EQ(::stat((machine_.root / kFile).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
  EXPECT_EQ(engine_.read({{"bip", kBip}}), (model::DaemonKeys{{"bip", kBip}}));
}

TEST_F(DockerEngine, KeepsModeAndOwnerAndFollowsALink) {
  machine_.write("elsewhere.json", "{\"debug\": true}\n");
  const auto target = machine_.root / "elsewhere.json";
  ASSERT_EQ(::chmod(target.c_str(), 0640), 0);
  ASSERT_EQ(::chown(target.c_str(), 12, 34), 0);
  std::filesystem::create_directories((machine_.root / kFile).parent_path());
  std::filesystem::create_symlink(target, machine_.root / kFile);
  engine_.apply(step({{"bip", kBip}}));
  struct stat status = {};
  ASSERT_EQ(::stat(target.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(status.st_uid, 12U);
  EXPECT_EQ(status.st_gid, 34U);
  EXPECT_TRUE(std::filesystem::is_symlink(machine_.root / kFile));
  EXPECT_EQ(machine_.read("elsewhere.json"), "{\"debug\": true, \"bip\": \"192.168.100.1/24\"}\n");
}

TEST_F(DockerEngine, DoesNotWriteWhereTheMeaningIsEqual) {
  machine_.write(kFile, "{ \"bip\" : \"192.168.100.1\\/24\" }");
  struct stat before = {};
  ASSERT_EQ(::stat((machine_.root / kFile).c_str(), &before), 0);
  engine_.apply(step({{"bip", kBip}, {"bridge-accept-fwmark", std::nullopt}}));
  struct stat after = {};
  ASSERT_EQ(::stat((machine_.root / kFile).c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(DockerEngine, RemovingFromNothingMakesNothing) {
  engine_.apply(step({{"bip", std::nullopt}}));
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, PutsEveryByteBack) {
  for (const char* text : {"", " \n", "{}", "{\n\t\"debug\" :true\r\n}"}) {
    machine_.write(kFile, text);
    const auto original = engine_.file();
    engine_.apply(step({{"bip", kBip}}));
    EXPECT_NE(machine_.read(kFile), text);
    engine_.apply(step({{"bip", std::nullopt}}));
    engine_.restore_file(original);
    EXPECT_EQ(machine_.read(kFile), text);
  }
  std::filesystem::remove(machine_.root / kFile);
  const auto original = engine_.file();
  EXPECT_EQ(original, std::nullopt);
  engine_.apply(step({{"bip", kBip}}));
  engine_.restore_file(original);  // our key is still in: not yet
  EXPECT_TRUE(std::filesystem::exists(machine_.root / kFile));
  engine_.apply(step({{"bip", std::nullopt}}));
  engine_.restore_file(original);
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, LosesNoEditMadeWhileItWasAtWork) {
  machine_.write(kFile, "{}");
  const std::string file = (machine_.root / kFile).string();
  // dockerd --validate comes between our read and our write.
  machine_.program("dockerd",
                   "if [ \"$1\" = --version ]; then echo 'Docker version 28.5.2, b'; exit; fi\n"
                   "echo '{\"debug\": true}' > " +
                       file + ".new; mv " + file + ".new " + file + "\n");
  const base::Error error = refusal([&] { engine_.apply(step({{"bip", kBip}})); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kFailure);
  EXPECT_THAT(error.what(), HasSubstr("was changed by somebody else while overland was at work"));
  EXPECT_EQ(machine_.read(kFile), "{\"debug\": true}\n");
  const auto folder = (machine_.root / kFile).parent_path();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(DockerEngine, WritesThroughNothingThatOthersMayChange) {
  machine_.write("shared/other.json", "{}");
  std::filesystem::create_directories((machine_.root / kFile).parent_path());
  std::filesystem::create_symlink(machine_.root / "shared/other.json", machine_.root / kFile);
  ASSERT_EQ(::chmod((machine_.root / "shared").c_str(), 0777), 0);
  const base::Error error = refusal([&] { engine_.apply(step({{"bip", kBip}})); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
  EXPECT_THAT(error.what(),
              HasSubstr("shared may be written by others than root; run `chmod go-w"));
  EXPECT_EQ(machine_.read("shared/other.json"), "{}");
}

TEST_F(DockerEngine, WritesNothingWhereItIsNotKnownWhatDockerReads) {
  machine_.install("28.5.2");
  std::filesystem::create_directories(machine_.places.systemd);
  machine_.places.systemd_bus = "unix:path=" + (machine_.root / "nobody").string();
  Engine engine(machine_.deadline, machine_.places);
  EXPECT_THAT(refusal([&] {
                engine.apply(step({{"bip", kBip}}));
              }).what(),
              HasSubstr("which file dockerd reads is not known: systemd cannot be asked"));
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, LeavesAFileAloneThatSomebodyChangedSince) {
  machine_.write(kFile, "{\"debug\": true}");
  engine_.restore_file(std::nullopt);
  engine_.restore_file("{\"debug\":false}");
  EXPECT_EQ(machine_.read(kFile), "{\"debug\": true}");
}

TEST_F(DockerEngine, RefusesAFileDockerdWouldRefuse) {
  machine_.write(kFile, "{\n  \"debug\": true,\n}\n");
  const base::Error error = refusal([&] { engine_.read({{"bip", kBip}}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("daemon.json:2:16: "));
  refusal([&] { engine_.apply(step({{"bip", kBip}})); });
  EXPECT_EQ(machine_.read(kFile), "{\n  \"debug\": true,\n}\n");
}

TEST_F(DockerEngine, RefusesAByteOrderMarkOnlyBefore23) {
  machine_.write(kFile, "\xEF\xBB\xBF{}");
  machine_.install("20.10.24+dfsg1");
  EXPECT_THAT(refusal([&] { engine_.read({}); }).what(), HasSubstr(":1:1: a byte order mark"));
  machine_.install("23.0.0");
  EXPECT_NO_THROW(engine_.read({}));
}

TEST_F(DockerEngine, AFlagThatSaysWhatIsWantedIsInForce) {
  machine_.start(123, {"--bip=192.168.100.1/24"});
  EXPECT_EQ(engine_.read({{"bip", kBip}}), (model::DaemonKeys{{"bip", kBip}}));
  engine_.apply(step({{"bip", kBip}}));
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, RefusesAFlagThatRulesAKeyOut) {
  machine_.start(123, {"--bip=10.0.0.1/24"});
  const base::Error error = refusal([&] { engine_.read({{"bip", kBip}}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("--bip=10.0.0.1/24 stands on the command line of dockerd "
                                      "(process 123), which is not the \"192.168.100.1/24\""));
  refusal([&] { engine_.apply(step({{"bip", kBip}})); });
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
  EXPECT_NO_THROW(engine_.read({{"bip", std::nullopt}}));
  machine_.start(123, {"-b", "br0"});
  EXPECT_THAT(refusal([&] {
                engine_.read({{"bip", kBip}});
              }).what(),
              HasSubstr("--bridge=br0 stands on"));
}

TEST_F(DockerEngine, RefusesAFlagBesideTheSameKey) {
  machine_.write("defaults", "DOCKER_OPTS='--bip 192.168.100.1/24'\n");
  machine_.install("28.5.2");
  machine_.write(kFile, "{\"bip\": \"192.168.100.1/24\"}");
  EXPECT_THAT(refusal([&] {
                engine_.read({{"bip", kBip}});
              }).what(),
              HasSubstr("a flag and a key for the same"));
  engine_.apply(step({{"bip", std::nullopt}}));  // taking the key out is the cure
  EXPECT_EQ(machine_.read(kFile), "{}");
}

TEST_F(DockerEngine, WritesTheFileThatDockerdReads) {
  machine_.write("other.json", "{\"debug\": true}");
  machine_.start(123, {"--config-file=" + (machine_.root / "other.json").string()});
  engine_.apply(step({{"bip", kBip}}));
  EXPECT_EQ(machine_.read("other.json"), "{\"debug\": true, \"bip\": \"192.168.100.1/24\"}");
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, RefusesAKeyTheEngineIsTooOldFor) {
  machine_.install("28.1.1");
  const base::Error error = refusal([&] {
    engine_.apply(step({{"allow-direct-routing", "true"}}));
  });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("dockerd 28.1.1 does not know \"allow-direct-routing\""));
}

TEST_F(DockerEngine, WritesNothingWhereDockerdHangsOrCrashes) {
  Engine engine(machine_.deadline, machine_.places, {.program = std::chrono::milliseconds(300)});
  machine_.program("dockerd", "kill -SEGV $$\n");
  EXPECT_THAT(refusal([&] {
                engine.apply(step({{"bip", kBip}}));
              }).what(),
              HasSubstr("--version` ended with status 139"));
  machine_.program("dockerd", "exec sleep 60\n");
  const auto begin = std::chrono::steady_clock::now();
  for (int attempt = 0; attempt < 8; ++attempt) {
    EXPECT_THAT(refusal([&] {
                  engine.apply(step({{"bip", kBip}}));
                }).what(),
                HasSubstr("dockerd did not end within 300 ms"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_FALSE(std::filesystem::exists(machine_.root / kFile));
}

TEST_F(DockerEngine, AsksDockerdBeforeItWrites) {
  machine_.install("28.5.2");
  machine_.write(kFile, "{}");
  EXPECT_THAT(refusal([&] {
                engine_.apply(step({{"bip", "\"wrong\""}}));
              }).what(),
              HasSubstr("with our keys in it: cannot use " + (machine_.root / kFile).string()));
  EXPECT_EQ(machine_.read(kFile), "{}");
  machine_.write(kFile, "{\"wrong\": 1}");
  EXPECT_THAT(refusal([&] {
                engine_.apply(step({{"bip", kBip}}));
              }).what(),
              HasSubstr("as it is, before any change of ours: cannot use"));
  machine_.install("20.10.24");  // has no --validate
  EXPECT_NO_THROW(engine_.apply(step({{"bip", kBip}})));
}

TEST_F(DockerEngine, RestartsThroughTheInitScriptAndWaitsForAnotherInstance) {
  machine_.install("28.5.2");
  machine_.start(123);
  const FakeApi api(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  const std::string stat = machine_.root / "proc/123/stat";
  machine_.program("service", "[ \"$*\" = 'docker restart' ] && sed -i 's/ 471/ 4711/' " + stat);
  for (int i = 0; i < 2; ++i) {
    const std::string before = engine_.facts().instance;
    engine_.restart();
    EXPECT_NE(engine_.facts().instance, before);
    std::filesystem::remove(machine_.places.pidfile);  // the second time it is elsewhere
  }
}

TEST_F(DockerEngine, GivesARunTheTimeOfARestartItAskedFor) {
  machine_.start(123);
  machine_.program("service", "sleep 1\n");
  const auto left = machine_.deadline.left();
  refusal([&] { engine_.restart(); });  // the old one still runs, after 2 s
  EXPECT_GT(machine_.deadline.left() + std::chrono::milliseconds(900), left);
}

TEST_F(DockerEngine, SaysWhatWentWrongInARestart) {
  EXPECT_EQ(refusal([&] { engine_.restart(); }).kind(), base::ErrorKind::kUnsupported);
  machine_.install("28.5.2");
  machine_.start(123);
  EXPECT_EQ(refusal([&] { engine_.restart(); }).kind(), base::ErrorKind::kUnsupported);
  machine_.program("service", "echo 'no way' >&2; exit 1\n");
  EXPECT_THAT(refusal([&] { engine_.restart(); }).what(),
              HasSubstr("docker restart` failed with status 1: no way"));
  machine_.program("service", "exit 0\n");  // and yet the old one still runs
  const base::Error error = refusal([&] { engine_.restart(); });
  EXPECT_EQ(error.errno_value(), ETIMEDOUT);
  EXPECT_THAT(error.what(), HasSubstr("does not answer on"));
}

}  // namespace
}  // namespace overland::docker
