#include "base/exchange_file.h"

#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

using base::exchange_file;

class ExchangeFile : public Scratch {
 protected:
  [[nodiscard]] base::TrustedPlace place() const { return base::find_trusted_place(at("file")); }
  static base::FileMode mine(mode_t mode) { return {mode, ::geteuid(), ::getegid()}; }
};

TEST_F(ExchangeFile, ReplacesWhatItRead) {
  write("file", "old");
  ASSERT_EQ(::chmod(at("file").c_str(), 0640), 0);
  const auto read = base::read_place(place(), 100);
  EXPECT_EQ(read.bytes, "old");
  EXPECT_EQ(read.mode.mode, 0640U);
  EXPECT_TRUE(exchange_file(place(), "old", "new", read.mode));
  EXPECT_EQ(text_of("file"), "new");
  EXPECT_EQ(mode_of(at("file")), 0640U);
  EXPECT_EQ(count(), 1);
}

TEST_F(ExchangeFile, KeepsAnEditMadeSince) {
  write("file", "theirs");
  EXPECT_FALSE(exchange_file(place(), "old", "new", mine(0644)));
  EXPECT_EQ(text_of("file"), "theirs");
  EXPECT_FALSE(exchange_file(place(), "old", std::nullopt, mine(0644)));
  EXPECT_EQ(text_of("file"), "theirs");
  EXPECT_FALSE(exchange_file(place(), std::nullopt, "new", mine(0644)));
  EXPECT_EQ(text_of("file"), "theirs");
  EXPECT_EQ(count(), 1);
}

TEST_F(ExchangeFile, KeepsItsModeAndInode) {
  write("file", "theirs");
  struct stat before = {};
  struct stat after = {};
  ASSERT_EQ(::stat(at("file").c_str(), &before), 0);
  EXPECT_FALSE(exchange_file(place(), "old", "new", mine(0600)));
  ASSERT_EQ(::stat(at("file").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(before.st_mode, after.st_mode);
}

TEST_F(ExchangeFile, MakesAndTakesAway) {
  EXPECT_EQ(base::read_place(place(), 100).bytes, std::nullopt);
  EXPECT_TRUE(exchange_file(place(), std::nullopt, "new", mine(0644)));
  EXPECT_EQ(text_of("file"), "new");
  EXPECT_TRUE(exchange_file(place(), "new", std::nullopt, mine(0644)));
  EXPECT_EQ(count(), 0);
  EXPECT_FALSE(exchange_file(place(), "gone", "new", mine(0644)));
  EXPECT_FALSE(exchange_file(place(), "gone", std::nullopt, mine(0644)));
  EXPECT_EQ(count(), 0);
}

/// Somebody who replaces the file all the time, as editors do, never loses an edit to us: what we
/// put there holds the number we read, and the next number is theirs.
TEST_F(ExchangeFile, LosesNoEditInARace) {
  write("file", "0");
  std::jthread editor([&] {
    for (int edit = 1; edit <= 2000; ++edit) {
      std::ofstream(at("edit")) << edit;
      std::filesystem::rename(at("edit"), at("file"));
    }
  });
  int done = 0;
  for (std::string last; last != "2000";) {
    last = base::read_place(place(), 100).bytes.value_or("none");
    if (last != "2000" &&
        exchange_file(place(), last, last.substr(0, last.find(' ')) + " ours", mine(0644)))
      ++done;
    if (last.find("ours") != std::string::npos) continue;
    ASSERT_NE(last, "none");
  }
  editor.join();
  EXPECT_EQ(text_of("file"), "2000");
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace overland::tests
