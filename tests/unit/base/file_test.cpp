#include "base/file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/error.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

namespace fs = std::filesystem;
using base::FileMode;
using ReadFile = Scratch;
using ReplaceFile = Scratch;

FileMode mine(mode_t mode) { return {mode, ::geteuid(), ::getegid()}; }

int error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.errno_value();
  }
  return 0;
}

TEST_F(ReadFile, GivesTheBytes) {
  const std::string bytes("a\0b\n", 4);
  write("file", bytes);
  EXPECT_EQ(base::read_file(at("file"), 4), bytes);
}

TEST_F(ReadFile, IsEmptyWhereThereIsNone) {
  write("file", "");
  EXPECT_EQ(base::read_file(at("none"), 10), std::nullopt);
  EXPECT_EQ(base::read_file(at("file") / "below", 10), std::nullopt);
}

TEST_F(ReadFile, RefusesWhatIsTooLargeWithoutReadingIt) {
  write("file", "12345");
  EXPECT_EQ(error_of([&] { base::read_file(at("file"), 4); }), EFBIG);
  fs::resize_file(at("file"), std::uintmax_t{1} << 40U);  // sparse
  EXPECT_EQ(error_of([&] { base::read_file(at("file"), 1U << 30U); }), EFBIG);
}

TEST_F(ReadFile, RefusesWhatIsNoRegularFile) {
  EXPECT_THROW(base::read_file(at("."), 100), base::Error);
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_THROW(base::read_file(at("pipe"), 100), base::Error);
  EXPECT_THROW(base::read_file("/dev/zero", 100), base::Error);
}

TEST_F(ReadFile, ReadsFilesWithoutASize) {
  EXPECT_TRUE(base::read_file("/proc/self/status", 100000).value_or("").starts_with("Name:"));
  EXPECT_EQ(error_of([&] { base::read_file("/proc/self/status", 10); }), EFBIG);
}

TEST_F(ReplaceFile, SetsContentAndModeWhateverTheUmask) {
  const mode_t before = ::umask(077);
  base::replace_file(at("file"), "one", mine(0644));
  ::umask(before);
  EXPECT_EQ(text_of("file"), "one");
  EXPECT_EQ(mode_of(at("file")), 0644U);
  base::replace_file(at("file"), "two", mine(0600));
  EXPECT_EQ(text_of("file"), "two");
  EXPECT_EQ(mode_of(at("file")), 0600U);
  EXPECT_EQ(count(), 1);
}

TEST_F(ReplaceFile, MakesMissingFolders) {
  base::replace_file(at("a/b/file"), "x", mine(0644));
  EXPECT_EQ(text_of("a/b/file"), "x");
}

TEST_F(ReplaceFile, KeepsALinkAndReplacesWhatItLeadsTo) {
  fs::create_directory(at("real"));
  write("real/file", "old");
  fs::create_symlink("real/file", at("second"));
  fs::create_symlink("second", at("first"));
  base::replace_file(at("first"), "new", mine(0644));
  EXPECT_TRUE(fs::is_symlink(at("first")));
  EXPECT_TRUE(fs::is_symlink(at("second")));
  EXPECT_EQ(text_of("real/file"), "new");
}

TEST_F(ReplaceFile, FollowsADanglingLinkAndRefusesALoop) {
  fs::create_symlink(at("later/file"), at("link"));
  base::replace_file(at("link"), "new", mine(0644));
  EXPECT_EQ(text_of("later/file"), "new");
  fs::create_symlink("loop", at("loop"));
  EXPECT_EQ(error_of([&] { base::replace_file(at("loop"), "x", mine(0644)); }), ELOOP);
}

TEST_F(ReplaceFile, ReplacesTheLinkItselfWhereAsked) {
  write("file", "old");
  fs::create_symlink("file", at("link"));
  base::replace_file(at("link"), "new", mine(0644), base::Symlinks::kRefuse);
  EXPECT_FALSE(fs::is_symlink(at("link")));
  EXPECT_EQ(text_of("file"), "old");
}

TEST_F(ReplaceFile, ALinkOnTheWayIsFollowedOnlyWhereItIsRoots) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give links away";
  fs::create_directory(at("real"));
  fs::create_directory_symlink("real", at("way"));
  base::replace_file(at("way/file"), "new", mine(0644), base::Symlinks::kRefuse);
  EXPECT_EQ(text_of("real/file"), "new");
  ASSERT_EQ(::lchown(at("way").c_str(), 65534, 65534), 0);
  EXPECT_THROW(base::replace_file(at("way/other"), "x", mine(0644), base::Symlinks::kRefuse),
               base::Error);
  EXPECT_FALSE(fs::exists(at("real/other")));
  // A link of root's in a folder of another could be exchanged.
  ASSERT_EQ(::lchown(at("way").c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(at(".").c_str(), 65534, 65534), 0);
  EXPECT_THROW(base::replace_file(at("way/other"), "x", mine(0644), base::Symlinks::kRefuse),
               base::Error);
}

TEST_F(ReplaceFile, WritesIntoAFolderOfAnotherWithoutTouchingWhatIsThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  fs::create_directory(at("shared"));
  write("victim", "precious");
  ASSERT_EQ(::chown(at("victim").c_str(), 65534, 65534), 0);
  fs::create_hard_link(at("victim"), at("shared/file"));
  ASSERT_EQ(::chown(at("shared").c_str(), 65534, 65534), 0);
  base::replace_file(at("shared/file"), "new", mine(0644), base::Symlinks::kRefuse);
  EXPECT_EQ(text_of("shared/file"), "new");
  EXPECT_EQ(text_of("victim"), "precious");
  struct stat victim = {};
  ASSERT_EQ(::stat(at("victim").c_str(), &victim), 0);
  EXPECT_EQ(victim.st_uid, 65534U);
}

TEST_F(ReplaceFile, MakesMissingFoldersWithoutLinksToo) {
  base::replace_file(at("a/b/file"), "x", mine(0644), base::Symlinks::kRefuse);
  EXPECT_EQ(text_of("a/b/file"), "x");
}

TEST_F(ReplaceFile, AFailedWriteLeavesTheOldFileAndNothingElse) {
  write("file", "old");
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {1000, RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);  // stands for a full disk
  const int error =
      error_of([&] { base::replace_file(at("file"), std::string(5000, 'x'), mine(0644)); });
  const rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  EXPECT_EQ(error, EFBIG);
  EXPECT_EQ(text_of("file"), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(ReplaceFile, AFailedRenameLeavesNothingBehind) {
  fs::create_directory(at("folder"));
  EXPECT_EQ(error_of([&] { base::replace_file(at("folder"), "x", mine(0644)); }), EISDIR);
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace overland::tests
