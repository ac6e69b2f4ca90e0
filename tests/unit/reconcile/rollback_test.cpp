#include "reconcile/rollback.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/file.h"
#include "reconcile/apply.h"
#include "unit/reconcile/fakes.h"
#include "unit/states.h"

namespace overland::reconcile {
namespace {

using namespace tests;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RollBack : public ::testing::Test {
 protected:
  RollBack() { start(); }
  ~RollBack() override { std::filesystem::remove_all(saved_file.parent_path()); }

  void start() {
    machine.state = two_hosts_fresh();
    machine.state.routes = {route("192.168.150.0/24", {"10.0.0.150"}),
                            route("192.168.200.0/24", {"10.0.0.222"})};
    machine.facts = running_docker();
    machine.changes = 0;
    machine.fail_at = std::numeric_limits<int>::max();
    machine.dead_after = false;
    std::filesystem::remove(saved_file);
  }

  Survey look_now() { return survey(machine.ports(), goal, load_saved(saved_file), {}); }
  /// Applies, and lets the machine recover from any fault afterwards.
  void apply_now(Survey before) {
    apply(machine.ports(), std::move(before), goal, saved_file, load_saved(saved_file), {});
    machine.fail_at = std::numeric_limits<int>::max();
    machine.dead_after = false;
  }

  FakeMachine machine;
  Goal goal = [](const model::HostFacts&) { return two_hosts_desired(); };
  const std::filesystem::path saved_file = std::filesystem::path(testing::TempDir()) /
                                           ("rollback." + std::to_string(::getpid())) / "state";
};

TEST_F(RollBack, RestoresStateAndFiles) {
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.daemon_json = R"({"bip": "192.168.100.1/24"})";
  EXPECT_TRUE(std::filesystem::exists(saved_file));
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty());
  EXPECT_EQ(machine.state, state);
  EXPECT_EQ(machine.daemon_json, "{}");
  EXPECT_FALSE(std::filesystem::exists(saved_file));
}

TEST_F(RollBack, RestoresTheBytesOfTheMemory) {
  base::replace_file(saved_file,
                     R"({"version":1,"hosts":7,"sysctls":{},"daemon_keys":{},)"
                     R"("daemon_json":null,"unread_by":""})",
                     {0600, ::geteuid(), ::getegid()});
  const auto bytes = base::read_file(saved_file, 10000);
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  EXPECT_NE(base::read_file(saved_file, 10000), bytes);
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty());
  EXPECT_EQ(base::read_file(saved_file, 10000), bytes);
}

TEST_F(RollBack, RestoresWhatAnApplyKilledAtAnyStepHasLeft) {
  for (int step = 0; step < 8; ++step) {
    start();
    const auto state = machine.state;
    auto found = look_now();
    const auto before = remember_before(machine.ports(), found, saved_file);
    machine.fail_at = step;
    machine.dead_after = true;
    apply_now(std::move(found));
    EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty()) << step;
    EXPECT_EQ(machine.state, state) << step;
  }
}

TEST_F(RollBack, GoesBackByHeartWhereItCannotLook) {
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.blind = true;
  EXPECT_THAT(
      roll_back(machine.ports(), before, saved_file),
      ElementsAre(HasSubstr("could not look whether routes, links, neighbours and sysctls")));
  EXPECT_EQ(machine.state, state);
}

TEST_F(RollBack, AsksNoNeighbourWhatItNeedNotKnow) {
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.hangs = true;
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty());
  EXPECT_EQ(machine.state, state);
}

TEST_F(RollBack, GoesOnWithTheRestWhereOnePartFails) {
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.deaf_docker = true;
  const auto faults = roll_back(machine.ports(), before, saved_file);
  EXPECT_THAT(faults, Contains(HasSubstr("Docker's keys")));
  EXPECT_EQ(machine.state, state) << "the keys by heart";
  EXPECT_FALSE(std::filesystem::exists(saved_file));
}

TEST_F(RollBack, LeavesAloneWhatWasUnreadBefore) {
  machine.deaf_docker = true;
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty()) << "still unreadable";
  machine.deaf_docker = false;
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty());
  EXPECT_EQ(machine.state, state);
}

TEST_F(RollBack, TriesAgainWhatFailedOnce) {
  const auto state = machine.state;
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.fail_at = machine.changes;
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file), IsEmpty());
  EXPECT_EQ(machine.state, state);
}

TEST_F(RollBack, NamesWhatIsLeft) {
  auto found = look_now();
  const auto before = remember_before(machine.ports(), found, saved_file);
  apply_now(std::move(found));
  machine.fail_at = machine.changes;
  machine.dead_after = true;
  EXPECT_THAT(roll_back(machine.ports(), before, saved_file),
              Contains(HasSubstr("route 192.168.200.0/24 still differs")));
}

TEST_F(RollBack, RefusesToStartFromDamagedRules) {
  machine.state.firewall = two_hosts_desired().firewall;
  machine.defects = {"a jump is missing"};
  const auto found = look_now();
  EXPECT_THROW(remember_before(machine.ports(), found, saved_file), base::Error);
}

}  // namespace
}  // namespace overland::reconcile
