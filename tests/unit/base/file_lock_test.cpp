#include "base/file_lock.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

using base::FileLock;
using namespace std::chrono_literals;
using Lock = Scratch;

bool is_locked(const std::filesystem::path& path, std::chrono::milliseconds patience = 0ms) {
  try {
    const FileLock lock(path, patience);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kLocked);
    return true;
  }
  return false;
}

TEST_F(Lock, IsHeldForTheLifeOfTheObject) {
  {
    const FileLock lock(at("run/lock"));
    EXPECT_TRUE(is_locked(at("run/lock")));
    EXPECT_EQ(mode_of(at("run/lock")), 0600U);
  }
  EXPECT_FALSE(is_locked(at("run/lock")));
}

TEST_F(Lock, WaitsNoLongerThanItsPatience) {
  const FileLock lock(at("lock"));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(is_locked(at("lock"), 100ms));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 100ms);
}

TEST_F(Lock, IsTakenWhenTheHolderLetsGo) {
  std::optional<FileLock> lock(std::in_place, at("lock"));
  std::thread holder([&] {
    std::this_thread::sleep_for(50ms);
    lock.reset();
  });
  EXPECT_FALSE(is_locked(at("lock"), 10s));
  holder.join();
}

TEST_F(Lock, DiesWithItsProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(at("lock"));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(is_locked(at("lock")));
}

TEST_F(Lock, IsTheSameForAllWhoNameTheFile) {
  const FileLock lock = FileLock::on_own_file(at("lock"));
  EXPECT_TRUE(is_locked(at("lock")));
}

TEST_F(Lock, FollowsNoLink) {
  write("target", "kept");
  std::filesystem::create_symlink("target", at("lock"));
  EXPECT_THROW(FileLock(at("lock")), base::Error);
  EXPECT_EQ(text_of("target"), "kept");
}

TEST_F(Lock, WaitsForTheFileOfThatNameNotForARemovedOne) {
  const FileLock old(at("lock"));
  std::thread remover([&] {
    std::this_thread::sleep_for(50ms);
    std::filesystem::remove(at("lock"));
  });
  const FileLock fresh(at("lock"), 10s);
  remover.join();
  EXPECT_TRUE(is_locked(at("lock")));
}

TEST_F(Lock, OfAFolderIsHeldAndNeedsNoFile) {
  const auto folder = at("var/overland");
  {
    const FileLock lock = FileLock::on_own_folder(folder);
    EXPECT_EQ(mode_of(folder), 0700U);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    EXPECT_THROW(FileLock::on_own_folder(folder, 10ms), base::Error);
  }
  EXPECT_NO_THROW(FileLock::on_own_folder(folder));
}

TEST_F(Lock, MakesItsOwnFolderPrivateAndNoOther) {
  for (const char* name : {"overland", "other"}) {
    std::filesystem::create_directory(at(name));
    ::chmod(at(name).c_str(), 0755);
  }
  EXPECT_NO_THROW(FileLock::on_own_folder(at("overland")));
  EXPECT_EQ(mode_of(at("overland")), 0700U);
  EXPECT_THROW(FileLock::on_own_folder(at("other")), base::Error);
  EXPECT_EQ(mode_of(at("other")), 0755U);
}

TEST_F(Lock, TakesNoPlaceThatOthersCouldHold) {
  std::filesystem::create_directory(at("theirs"));
  std::filesystem::create_directory(at("real"));
  std::filesystem::create_directory_symlink("real", at("link"));
  ::chmod(at("real").c_str(), 0700);
  ::chmod(at("theirs").c_str(), 0777);
  for (const char* name : {"theirs", "link"}) {
    EXPECT_THROW(FileLock::on_own_file(at(name) / "lock"), base::Error) << name;
    EXPECT_THROW(FileLock::on_own_folder(at(name)), base::Error) << name;
  }
  if (::geteuid() != 0) return;
  ::chmod(at("theirs").c_str(), 0700);
  ASSERT_EQ(::chown(at("theirs").c_str(), 65534, 65534), 0);
  EXPECT_THROW(FileLock::on_own_file(at("theirs") / "lock"), base::Error);
  EXPECT_THROW(FileLock::on_own_folder(at("theirs")), base::Error);
}

TEST_F(Lock, SaysWhereItsFolderCannotBe) {
  write("file", "");
  EXPECT_THROW(FileLock(at("file") / "lock"), base::Error);
}

}  // namespace
}  // namespace overland::tests
