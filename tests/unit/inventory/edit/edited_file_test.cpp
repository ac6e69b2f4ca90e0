#include "inventory/edit/edited_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>

#include "base/file_lock.h"
#include "base/unique_fd.h"
#include "edit_scene.h"

namespace overland::inventory {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using tests::fault;

class EditedInventory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "overland-edit-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("before\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& content) const {
    std::ofstream(file(), std::ios::binary) << content;
  }
  [[nodiscard]] std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::string file() const { return folder_ / "fleet.toml"; }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(EditedInventory, KeepsItsModeAndNothingIsLeftBeside) {
  ASSERT_EQ(::chmod(file().c_str(), 0640), 0);
  EditedSources(file(), "").replace({"after\n"});
  EXPECT_EQ(content(), "after\n");
  struct stat status = {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(files(), 1);
}

TEST_F(EditedInventory, IsTheOneALinkLeadsToInAFolderOthersMayWrite) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  fs::create_symlink("fleet.toml", folder_ / "link.toml");
  EditedSources(folder_ / "link.toml", "").replace({"after\n"});
  EXPECT_EQ(content(), "after\n");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.toml"));
}

TEST_F(EditedInventory, TheSecondOfTwoWritersIsToldAndTheFirstOnesEditStays) {
  const EditedSources first(file(), "");
  const EditedSources second(file(), "");
  first.replace({"first\n"});
  EXPECT_THAT(fault(base::ErrorKind::kLocked, [&] { second.replace({"second\n"}); }),
              HasSubstr("run it again"));
  EXPECT_EQ(content(), "first\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(EditedInventory, WaitsForAnotherThatIsWriting) {
  const EditedSources edited(file(), "");
  std::optional<base::FileLock> other(folder_ / ".fleet.toml.lock");
  auto writing = std::async(std::launch::async, [&edited] { edited.replace({"after\n"}); });
  EXPECT_EQ(writing.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  EXPECT_EQ(content(), "before\n");
  other.reset();
  writing.get();
  EXPECT_EQ(content(), "after\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(EditedInventory, WaitsForNobodyWhoOnlyLocksItsFolder) {
  const EditedFile edited(file());
  const base::UniqueFd anybody(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(anybody.get(), LOCK_EX), 0);
  edited.replace("after\n");
  EXPECT_EQ(content(), "after\n");
}

TEST_F(EditedInventory, ALinkInThePlaceOfItsLockIsNotFollowed) {
  fs::create_symlink(folder_ / "elsewhere", folder_ / ".fleet.toml.lock");
  EditedFile(file()).replace("after\n");
  EXPECT_EQ(content(), "after\n");
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
}

TEST_F(EditedInventory, AnInstalledOneNeedNotBeThereYet) {
  fs::remove(file());
  EditedFile installed = EditedFile::installed(file());
  EXPECT_FALSE(installed.there());
  installed.replace("first\n");
  EXPECT_EQ(content(), "first\n");
  // Made by somebody else meanwhile, that stays.
  EXPECT_NE(fault(base::ErrorKind::kLocked, [&] { installed.replace("other\n"); }), "");
  EXPECT_EQ(content(), "first\n");
  EXPECT_EQ(EditedFile::installed(file()).text(), "first\n");
  fs::permissions(folder_, fs::perms::all);
  EXPECT_THAT(fault(base::ErrorKind::kInventory, [&] { EditedFile::installed(file()); }),
              HasSubstr("others than root could change"));
  fs::permissions(folder_, fs::perms::owner_all);
}

TEST_F(EditedInventory, OfSeveralFilesOnlyThoseChangeThatShall) {
  fs::create_directory(folder_ / "inventory.d");
  std::ofstream(folder_ / "inventory.d/a.toml") << "a\n";
  std::ofstream(folder_ / "inventory.d/b.toml") << "b\n";
  const EditedSources edited(file(), folder_ / "inventory.d");
  const auto before = fs::last_write_time(folder_ / "inventory.d/a.toml");
  edited.replace({"after\n", {{"a.toml", "a\n"}, {"b.toml", "new\n"}}});
  EXPECT_EQ(content(), "after\n");
  EXPECT_EQ(read_text(folder_ / "inventory.d/b.toml", Owners::kAny), "new\n");
  EXPECT_EQ(fs::last_write_time(folder_ / "inventory.d/a.toml"), before);
}

TEST_F(EditedInventory, ChangesNothingWhereAnotherFileChangedMeanwhile) {
  fs::create_directory(folder_ / "inventory.d");
  std::ofstream(folder_ / "inventory.d/a.toml") << "a\n";
  const EditedSources edited(file(), folder_ / "inventory.d");
  std::ofstream(folder_ / "inventory.d/b.toml") << "b\n";
  EXPECT_THAT(fault(base::ErrorKind::kLocked,
                    [&] {
                      edited.replace({"after\n", {{"a.toml", "a\n"}}});
                    }),
              HasSubstr("run it again"));
  EXPECT_EQ(content(), "before\n");
}

TEST_F(EditedInventory, WhatIsNoFileIsRefused) {
  EXPECT_THAT(fault(base::ErrorKind::kInventory, [&] { EditedFile(folder_ / "none.toml"); }),
              HasSubstr("there is no inventory"));
  EXPECT_THAT(fault(base::ErrorKind::kUsage, [] { EditedFile("-"); }), HasSubstr("name a file"));
}

}  // namespace
}  // namespace overland::inventory
