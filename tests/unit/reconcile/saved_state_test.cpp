#include "reconcile/saved_state.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using reconcile::SavedState;

class Saved : public ::testing::Test {
 protected:
  Saved()
      : file(std::filesystem::path(testing::TempDir()) / std::to_string(::getpid()) / "state") {}
  ~Saved() override { std::filesystem::remove_all(file.parent_path()); }

  void write(const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    ::chmod(file.c_str(), 0600);
  }

  std::filesystem::path file;
};

TEST_F(Saved, ComesBackAsItWasWritten) {
  SavedState state;
  state.hosts = 3;
  state.sysctls["net.ipv4.ip_forward"] = {"0", "1"};
  state.daemon_keys["bip"] = {std::nullopt, "\"192.168.100.1/24\""};
  state.daemon_json = "{ \"debug\": true }\n";
  state.unread_by = "42:1000";
  reconcile::store_saved(file, state);
  EXPECT_EQ(reconcile::load_saved(file), state);
}

TEST_F(Saved, IsEmptyWhereThereIsNoFile) { EXPECT_EQ(reconcile::load_saved(file), SavedState{}); }

TEST_F(Saved, RefusesDamageWithTheRemedy) {
  for (const char* text : {"", "{", "[]", R"({"version":2})", R"({"version":1,"hosts":"x"})"}) {
    SCOPED_TRACE(text);
    write(text);
    try {
      reconcile::load_saved(file);
      FAIL() << "was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
      EXPECT_NE(std::string(error.what()).find("remove it"), std::string::npos);
    }
  }
}

TEST_F(Saved, RefusesAFileOthersMayWrite) {
  reconcile::store_saved(file, {});
  ::chmod(file.c_str(), 0666);
  EXPECT_THROW(reconcile::load_saved(file), base::Error);
}

TEST_F(Saved, DoesNotFollowASymbolicLink) {
  write("precious");
  const auto link = file.parent_path() / "link";
  std::filesystem::create_symlink(file, link);
  reconcile::store_saved(link, {});
  std::ifstream target(file);
  std::string text;
  target >> text;
  EXPECT_EQ(text, "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(link));
}

TEST(Remember, KeepsTheFirstValueOverOurOwnLaterChanges) {
  auto desired = two_hosts_desired();
  auto now = two_hosts_fresh();
  now.docker->keys["bip"] = "\"10.1.1.1/24\"";
  const plan::DockerStep first{now.docker, desired.docker};
  auto saved = reconcile::remember({}, {first}, running_docker());
  auto later = desired;
  later.docker->keys["bip"] = "\"192.168.101.1/24\"";
  saved = reconcile::remember(saved, {plan::DockerStep{desired.docker, later.docker}},
                              running_docker());
  EXPECT_EQ(saved.daemon_keys["bip"].before, "\"10.1.1.1/24\"");
  EXPECT_EQ(saved.daemon_keys["bip"].set, "\"192.168.101.1/24\"");
}

TEST(Remember, BipAloneNeedsNoReadingSinceTheBridgeShowsIt) {
  const plan::DockerStep step{two_hosts_fresh().docker, two_hosts_desired().docker};
  EXPECT_EQ(reconcile::remember({}, {step}, running_docker()).unread_by, "");
}

TEST(Remember, OtherKeysWaitForAnotherLifeOfDockerd) {
  auto desired = two_hosts_desired();
  desired.docker->keys["allow-direct-routing"] = "true";
  const plan::DockerStep step{two_hosts_fresh().docker, desired.docker};
  EXPECT_EQ(reconcile::remember({}, {step}, running_docker()).unread_by, "42:1000");
}

}  // namespace
}  // namespace overland
