#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class LoadInventory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "overland-load-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& content) {
    const std::string file = folder_ / "inventory.toml";
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

  template <typename Call>
  std::string fault(Call call) {
    try {
      call();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInventory) << error.what();
      return error.what();
    }
    return "no fault";
  }
  std::string load_fault(const std::string& file) {
    return fault([&file] { load(file); });
  }
  std::string trust_fault(const std::string& file) {
    return fault([&file] { read_text(file, Owners::kRootOnly); });
  }

  std::filesystem::path folder_;
};

TEST_F(LoadInventory, MissingNamesTheFileAndTheOption) {
  const std::string file = folder_ / "none.toml";
  EXPECT_THAT(load_fault(file), AllOf(HasSubstr(file), HasSubstr("--inventory")));
}

TEST_F(LoadInventory, DirectoryIsNamedAsOne) {
  EXPECT_THAT(load_fault(folder_), HasSubstr("is a directory"));
}

TEST_F(LoadInventory, EmptyAndBinaryAreRefused) {
  EXPECT_THAT(load_fault(write("")), HasSubstr("is empty"));
  EXPECT_THAT(load_fault(write(std::string("\x7f"
                                           "ELF\0\0",
                                           6))),
              HasSubstr("not a text file"));
}

TEST_F(LoadInventory, HugeIsRefused) {
  const std::string file = write("x");
  ASSERT_EQ(::truncate(file.c_str(), off_t{65} << 20), 0);
  EXPECT_THAT(load_fault(file), HasSubstr("larger than 64 MiB"));
}

TEST_F(LoadInventory, SpecialFilesAreRefusedAtOnce) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& fault : {load_fault(pipe), trust_fault(pipe), load_fault("/dev/null")}) {
    EXPECT_THAT(fault, AllOf(HasSubstr("not a regular file"), HasSubstr("--inventory -")));
  }
}

TEST_F(LoadInventory, FaultsOfTheTextAreValues) {
  const Loaded loaded = load(write("version = 2\n"));
  EXPECT_FALSE(loaded.inventory);
  EXPECT_FALSE(loaded.diagnostics.empty());
}

TEST_F(LoadInventory, TrustsWhatOnlyRootCanChange) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  const std::string file = write("version = 1\n");
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(trust_fault(file), "no fault");
  ::chmod(file.c_str(), 0664);
  EXPECT_THAT(trust_fault(file), HasSubstr("chmod go-w " + file));
  ::chmod(file.c_str(), 0644);
  ASSERT_EQ(::chown(file.c_str(), 65534, 0), 0);
  EXPECT_THAT(trust_fault(file), HasSubstr("chown root " + file));
  ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
  ::chmod(folder_.c_str(), 0777);
  EXPECT_THAT(trust_fault(file), HasSubstr("chmod go-w " + folder_.string()));
  ::chmod(folder_.c_str(), 01777);  // as /tmp
  EXPECT_EQ(trust_fault(file), "no fault");
}

TEST_F(LoadInventory, DoesNotTrustALinkInAFolderOfOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  const std::string file = write("version = 1\n");
  const auto open = folder_ / "open";
  std::filesystem::create_directory(open);
  std::filesystem::create_symlink(file, open / "link.toml");
  EXPECT_EQ(trust_fault(open / "link.toml"), "no fault");
  ::chmod(open.c_str(), 0777);
  EXPECT_THAT(trust_fault(open / "link.toml"), HasSubstr("chmod go-w " + open.string()));
  EXPECT_THAT(trust_fault(folder_ / "gone"), HasSubstr("there is no inventory"));
}

TEST_F(LoadInventory, DoesNotTrustALinkOfSomebodyElseInAStickyFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  const std::string link = folder_ / "link.toml";
  std::filesystem::create_symlink(write("version = 1\n"), link);
  ::chmod(folder_.c_str(), 01777);
  EXPECT_EQ(trust_fault(link), "no fault");
  ASSERT_EQ(::lchown(link.c_str(), 65534, 65534), 0);
  EXPECT_THAT(trust_fault(link), HasSubstr("chown -h root " + link));
}

TEST_F(LoadInventory, DoesNotTrustAFolderFurtherUpThatOthersMayChange) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  const auto upper = folder_ / "upper";
  std::filesystem::create_directories(upper / "etc");
  const std::string file = upper / "etc/inventory.toml";
  std::ofstream(file) << "version = 1\n";
  EXPECT_EQ(trust_fault(file), "no fault");
  ::chmod(upper.c_str(), 0775);
  EXPECT_THAT(trust_fault(file), HasSubstr("chmod go-w " + upper.string()));
  ::chmod(upper.c_str(), 01777);
  EXPECT_EQ(trust_fault(file), "no fault");
  ASSERT_EQ(::chown(upper.c_str(), 65534, 0), 0);
  EXPECT_THAT(trust_fault(file), HasSubstr("chown root " + upper.string()));
}

TEST_F(LoadInventory, DoesNotTrustALinkOfSomebodyElseOnTheWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  write("version = 1\n");
  const auto link = folder_ / "way";
  std::filesystem::create_directory_symlink(".", link);
  EXPECT_EQ(trust_fault(link / "inventory.toml"), "no fault");
  ASSERT_EQ(::lchown(link.c_str(), 65534, 65534), 0);
  EXPECT_THAT(trust_fault(link / "inventory.toml"), HasSubstr("chown -h root " + link.string()));
}

}  // namespace
}  // namespace overland::inventory
