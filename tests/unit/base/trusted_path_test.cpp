#include "base/trusted_path.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "unit/base/scratch.h"

namespace overland::tests {
namespace {

namespace fs = std::filesystem;
using base::open_trusted;
using base::read_trusted;
using base::Sticky;

constexpr uid_t kStranger = 65534;

class TrustedPath : public Scratch {
 protected:
  void folder(const std::string& name, mode_t mode = 0755) const {
    fs::create_directories(at(name));
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
  }
  void link(const std::string& target, const std::string& name) const {
    fs::create_symlink(target, at(name));
  }
  void give_away(const std::string& name) const {
    ASSERT_EQ(::lchown(at(name).c_str(), kStranger, kStranger), 0);
  }
  void allow(const std::string& name, mode_t mode) const {
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
  }
  /// What is wrong with `name`; empty where nothing is.
  [[nodiscard]] std::string fault(const std::string& name,
                                  Sticky sticky = Sticky::kFoldersOnly) const {
    try {
      EXPECT_TRUE(open_trusted(at(name), O_RDONLY, sticky).valid());
      return "";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
      return error.what();
    }
  }
  [[nodiscard]] std::string writable(const std::string& name) const {
    return at(name).string() + " may be written by others than root; run `chmod go-w " +
           at(name).string() + "`";
  }
  [[nodiscard]] std::string strange(const std::string& name, const std::string& chown) const {
    return at(name).string() + " belongs to user 65534; run `" + chown + " " + at(name).string() +
           "`";
  }
  [[nodiscard]] std::string strange_folder(const std::string& name) const {
    return at(name).string() +
           " belongs to user 65534; use a file in a folder of root's, or, where this one is "
           "nobody's home, run `chown root " +
           at(name).string() + "`";
  }
};

TEST_F(TrustedPath, GivesTheFileItWalkedTo) {
  folder("a/b");
  write("a/b/file", "text");
  EXPECT_EQ(read_trusted(at("a/b/file"), 100, Sticky::kFoldersOnly), "text");
  EXPECT_EQ(read_trusted(at("a/./b//../b/file"), 100, Sticky::kFoldersOnly), "text");
  EXPECT_THROW(read_trusted(at("a/b/file"), 3, Sticky::kFoldersOnly), base::Error);
}

/// Only root can make what belongs to somebody else.
class TrustedOwner : public TrustedPath {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  }
};

TEST_F(TrustedPath, FailsAsAllElseDoesWhereTheWorkingFolderIsGone) {
  folder("gone");
  ASSERT_EQ(::chdir(at("gone").c_str()), 0);
  fs::remove(at("gone"));
  EXPECT_THROW(open_trusted("file", O_RDONLY, Sticky::kFoldersOnly), base::Error);
  EXPECT_THROW(open_trusted("", O_RDONLY, Sticky::kFoldersOnly), base::Error);
  EXPECT_THROW(base::replace_file("file", "", {}, base::Symlinks::kRefuse), base::Error);
}

TEST_F(TrustedPath, TellsWhatIsNotThereFromWhatIsWrong) {
  write("file", "");
  EXPECT_FALSE(open_trusted(at("none"), O_RDONLY, Sticky::kFoldersOnly).valid());
  EXPECT_FALSE(open_trusted(at("none/file"), O_PATH, Sticky::kFoldersOnly).valid());
  EXPECT_FALSE(open_trusted(at("file/below"), O_PATH, Sticky::kFoldersOnly).valid());
  EXPECT_FALSE(open_trusted(at("file"), O_PATH | O_DIRECTORY, Sticky::kFoldersOnly).valid());
  link("none", "dangling");
  EXPECT_FALSE(open_trusted(at("dangling"), O_RDONLY, Sticky::kFoldersOnly).valid());
  EXPECT_EQ(read_trusted(at("none"), 100, Sticky::kFoldersOnly), std::nullopt);
}

TEST_F(TrustedOwner, RefusesWhatBelongsToAnother) {
  folder("a/b");
  write("a/b/file", "");
  EXPECT_EQ(fault("a/b/file"), "");
  give_away("a/b/file");
  EXPECT_EQ(fault("a/b/file"), strange("a/b/file", "chown root"));
  give_away("a");
  EXPECT_EQ(fault("a/b/file"), strange_folder("a"));
}

TEST_F(TrustedPath, RefusesWhatOthersMayWrite) {
  folder("a/b");
  write("a/b/file", "");
  allow("a/b/file", 0620);
  EXPECT_EQ(fault("a/b/file"), writable("a/b/file"));
  allow("a/b/file", 0602);
  EXPECT_EQ(fault("a/b/file"), writable("a/b/file"));
  allow("a/b/file", 0600);
  EXPECT_EQ(fault("a/b/file"), "");
  allow("a", 0775);
  EXPECT_EQ(fault("a/b/file"), writable("a"));
  allow("a", 0757);
  EXPECT_EQ(fault("a/b/file", Sticky::kAllowed), writable("a"));
}

TEST_F(TrustedPath, FollowsLinksAsItWalks) {
  folder("a/b");
  folder("real/deep");
  write("real/deep/file", "text");
  link("../../real/deep", "a/b/relative");
  link(at("a/b/relative").string(), "absolute");
  EXPECT_EQ(read_trusted(at("absolute/file"), 100, Sticky::kFoldersOnly), "text");
  EXPECT_EQ(read_trusted(at("absolute/../deep/file"), 100, Sticky::kFoldersOnly), "text");
  allow("a/b", 0777);
  EXPECT_EQ(fault("absolute/file"), writable("a/b"));
  allow("a/b", 0755);
  allow("real", 0777);
  EXPECT_EQ(fault("absolute/file"), writable("real"));
}

TEST_F(TrustedOwner, RefusesAnothersLink) {
  write("file", "");
  link("file", "name");
  EXPECT_EQ(fault("name"), "");
  give_away("name");
  EXPECT_EQ(fault("name"), strange("name", "chown -h root"));
}

TEST_F(TrustedPath, EndsWhereLinksGoInACircle) {
  link("two", "one");
  link("one", "two");
  try {
    open_trusted(at("one"), O_RDONLY, Sticky::kFoldersOnly);
    FAIL() << "opened";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ELOOP);
  }
}

TEST_F(TrustedPath, TakesAStickyFolderAboveFoldersOnlyOrAnywhere) {
  folder("shared", 01777);
  folder("shared/mine");
  write("shared/mine/file", "");
  write("shared/file", "");
  link("mine/file", "shared/link");
  EXPECT_EQ(fault("shared/mine/file"), "");
  EXPECT_EQ(fault("shared/file"), writable("shared"));
  EXPECT_EQ(fault("shared/link"), writable("shared"));
  EXPECT_EQ(fault("shared/file", Sticky::kAllowed), "");
  EXPECT_EQ(fault("shared/link", Sticky::kAllowed), "");
}

TEST_F(TrustedOwner, RefusesAnothersThingsInAStickyFolderAndAnothersStickyFolder) {
  folder("shared", 01777);
  folder("shared/mine");
  write("shared/mine/file", "");
  write("shared/file", "");
  link("mine/file", "shared/link");
  give_away("shared/mine");
  EXPECT_EQ(fault("shared/mine/file"), strange_folder("shared/mine"));
  give_away("shared/file");
  EXPECT_EQ(fault("shared/file", Sticky::kAllowed), strange("shared/file", "chown root"));
  give_away("shared");
  EXPECT_EQ(fault("shared/link", Sticky::kAllowed), strange_folder("shared"));
}

TEST_F(TrustedPath, ReadsRegularFilesOnly) {
  folder("folder");
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_EQ(fault("folder"), at("folder").string() + " is not a regular file");
  EXPECT_EQ(fault("fifo"), at("fifo").string() + " is not a regular file");
  EXPECT_TRUE(open_trusted(at("fifo"), O_PATH, Sticky::kFoldersOnly).valid());
  EXPECT_TRUE(open_trusted(at("folder"), O_RDONLY | O_DIRECTORY, Sticky::kFoldersOnly).valid());
}

TEST_F(TrustedPath, TakesASocketThatAGroupMayConnectTo) {
  const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  at("socket").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  allow("socket", 0660);
  EXPECT_TRUE(open_trusted(at("socket"), O_PATH, Sticky::kFoldersOnly).valid());
}

TEST_F(TrustedOwner, FindsThePlaceOfWhatIsAnothersOrNotThere) {
  folder("a");
  folder("real");
  write("real/file", "");
  link("../real/file", "a/link");
  give_away("real/file");
  for (const char* name : {"a/link", "real/file"}) {
    const auto place = base::find_trusted_place(at(name));
    EXPECT_EQ(place.path, at("a/../real/file").lexically_normal());
    EXPECT_EQ(place.name, "file");
    EXPECT_EQ(::faccessat(place.folder.get(), "file", F_OK, 0), 0);
  }
  EXPECT_EQ(base::find_trusted_place(at("a/none")).path, at("a/none"));
  EXPECT_FALSE(base::find_trusted_place(at("none/file")).folder.valid());
  EXPECT_THROW(base::find_trusted_place(at("a/..")), base::Error);
  allow("real", 01777);
  EXPECT_THROW(base::find_trusted_place(at("a/link")), base::Error);
  allow("real", 0755);
  give_away("a/link");
  EXPECT_THROW(base::find_trusted_place(at("a/link")), base::Error);
}

TEST_F(TrustedOwner, TakesOurOwnFilesWhoeverWeAre) {
  folder("home");
  write("home/file", "");
  give_away("home");
  give_away("home/file");
  allow(".", 0755);
  EXPECT_NE(fault("home/file"), "");
  ASSERT_EQ(::seteuid(kStranger), 0);
  EXPECT_EQ(fault("home/file"), "");
  ASSERT_EQ(::seteuid(0), 0);
}

}  // namespace
}  // namespace overland::tests
