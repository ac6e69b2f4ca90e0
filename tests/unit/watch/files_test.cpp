// Files on a real file system.

#include "watch/files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "unit/base/scratch.h"

namespace overland::watch {
namespace {

namespace fs = std::filesystem;
using host::Part;
using host::Parts;

class FilesTest : public tests::Scratch {
 protected:
  static void write(const fs::path& file, const std::string& text = "x") {
    std::ofstream(file) << text;
  }
  const fs::path folder_ = at("x").parent_path();
};

// Somebody else may write to a folder on the way meanwhile: then something waits, and is nothing.
TEST_F(FilesTest, NothingHappenedNothingIsTold) {
  write(folder_ / "file");
  FileEvents events({{folder_ / "file", Part::kInventory}});
  EXPECT_FALSE(events.drain().any());
}

TEST_F(FilesTest, WrittenReplacedRemovedAndMadeAgain) {
  FileEvents events({{folder_ / "file", Part::kInventory}});
  write(folder_ / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
  write(folder_ / "new");
  EXPECT_FALSE(events.drain().any());
  fs::rename(folder_ / "new", folder_ / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
  fs::remove(folder_ / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
  write(folder_ / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
}

TEST_F(FilesTest, ReadingIsNoEvent) {
  write(folder_ / "file");
  FileEvents events({{folder_ / "file", Part::kInventory}});
  std::string text;
  std::ifstream(folder_ / "file") >> text;
  EXPECT_FALSE(events.drain().any());
}

TEST_F(FilesTest, OfALockReadingIs) {
  write(folder_ / "lock");
  FileEvents events({{folder_ / "lock", Part::kFirewall, true}});
  std::string text;
  std::ifstream(folder_ / "lock") >> text;
  EXPECT_EQ(events.drain(), Parts(Part::kFirewall));
  fs::remove(folder_ / "lock");
  events.drain();
  write(folder_ / "lock");
  events.drain();
  std::ifstream(folder_ / "lock") >> text;
  EXPECT_EQ(events.drain(), Parts(Part::kFirewall));
}

TEST_F(FilesTest, FoldersThatAreMadeLater) {
  FileEvents events({{folder_ / "a" / "b" / "file", Part::kDocker}});
  fs::create_directories(folder_ / "a" / "b");
  events.drain();
  write(folder_ / "a" / "b" / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kDocker));
  fs::remove_all(folder_ / "a");
  EXPECT_EQ(events.drain(), Parts(Part::kDocker));
  fs::create_directories(folder_ / "a" / "b");
  events.drain();
  write(folder_ / "a" / "b" / "file");
  EXPECT_EQ(events.drain(), Parts(Part::kDocker));
}

TEST_F(FilesTest, LinksThatLeadElsewhere) {
  fs::create_directories(folder_ / "v1");
  fs::create_directories(folder_ / "v2");
  write(folder_ / "v1" / "file");
  write(folder_ / "v2" / "file");
  fs::create_symlink("v1", folder_ / "now");
  FileEvents events({{folder_ / "now" / "file", Part::kInventory}});
  write(folder_ / "v1" / "file", "y");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
  write(folder_ / "v2" / "file", "y");
  EXPECT_FALSE(events.drain().any());
  fs::create_symlink("v2", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "now");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
  write(folder_ / "v2" / "file", "z");
  EXPECT_EQ(events.drain(), Parts(Part::kInventory));
}

TEST_F(FilesTest, ALinkThatLeadsInACircleEnds) {
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  FileEvents events({{folder_ / "a", Part::kInventory}});
  EXPECT_FALSE(events.drain().any());
}

}  // namespace
}  // namespace overland::watch
