// What systemd told of docker.service once, and when it is asked again.

#include "docker/told_unit.h"

#include <gmock/gmock.h>

#include "docker/engine.h"
#include "netns/docker/fake_docker.h"
#include "netns/docker/fake_systemd.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using tests::FakeSystemd;
using tests::sh;

class ToldUnitTest : public tests::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    machine_.install("28.5.2");
    std::filesystem::create_directories(machine_.places.systemd);
    machine_.places.systemd_bus = "unix:path=" + socket_.string();
    sh("mkdir -p /run/systemd/system/docker.service.d; echo > /run/systemd/system/docker.service;"
       "echo > /run/systemd/system/docker.service.d/a.conf");
  }
  Engine engine() { return Engine(machine_.deadline, machine_.places); }

  tests::FakeMachine machine_;
  std::filesystem::path socket_ = machine_.root / "systemd.sock";
};

TEST_F(ToldUnitTest, IsTakenForSystemdsWord) {
  auto asking = engine();
  std::optional<model::DockerFacts> told;
  {
    const FakeSystemd systemd(socket_, {});
    told = asking.facts();
  }
  ASSERT_THAT(told->unknown, testing::IsEmpty());
  ASSERT_FALSE(told->flags.empty());
  EXPECT_NE(engine().facts(), told);  // systemd does not answer any more
  auto trusting = engine();
  trusting.trust_unit(asking.unit_told());
  EXPECT_EQ(trusting.facts(), told);
}

TEST_F(ToldUnitTest, IsNotWhereAFileOfItHasChanged) {
  auto asking = engine();
  {
    const FakeSystemd systemd(socket_, {});
    asking.facts();
  }
  for (const char* const change :
       {"echo >> /run/systemd/system/docker.service",
        "echo >> /run/systemd/system/docker.service.d/a.conf",
        "touch /run/systemd/system/docker.service.d/b.conf",
        "mkdir /run/systemd/generator; rmdir /run/systemd/generator",  // as a reload does
        "mkdir -p /run/systemd/system/service.d"}) {
    const std::string before = unit_files();
    EXPECT_EQ(unit_files(), before);
    sh(std::string("sleep 0.02; ") + change);
    EXPECT_NE(unit_files(), before) << change;
  }
  auto trusting = engine();
  trusting.trust_unit(asking.unit_told());
  EXPECT_FALSE(trusting.facts().unknown.empty());
}

TEST(ToldUnitText, IsReadAsItWasWritten) {
  const UnitCommand unit = {
      "/usr/bin/dockerd", {"-H", "fd://\n"}, {"A=b c"}, {"/etc/x"}, true, false};
  const auto back = told_unit_of(to_text({unit, "77"}));
  ASSERT_TRUE(back && back->unit);
  EXPECT_EQ(back->files, "77");
  EXPECT_EQ(back->unit->program, unit.program);
  EXPECT_EQ(back->unit->arguments, unit.arguments);
  EXPECT_EQ(back->unit->environment, unit.environment);
  EXPECT_EQ(back->unit->environment_files, unit.environment_files);
  EXPECT_TRUE(back->unit->running);
  EXPECT_FALSE(back->unit->on_demand);
  EXPECT_EQ(to_text({unit, "77"}).find('\n'), std::string::npos);
}

TEST(ToldUnitText, ThatThereIsNoUnitIsAnAnswer) {
  const auto back = told_unit_of(to_text({std::nullopt, "77"}));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->unit);
}

TEST(ToldUnitText, OfNoSuchFormIsNone) {
  for (const char* text : {"", "{", "[]", "[1,2]", R"(["7",[1]])", R"(["7",["a",[],[],[],1,2]])"}) {
    EXPECT_FALSE(told_unit_of(text)) << text;
  }
  EXPECT_EQ(to_text({UnitCommand{"/\xff", {}, {}, {}}, "7"}), "");
}

}  // namespace
}  // namespace overland::docker
