#include "reconcile/verified.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace overland::reconcile {
namespace {

class VerifiedFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string text() {
    std::ostringstream all;
    all << std::ifstream(file_).rdbuf();
    return all.str();
  }

  std::filesystem::path folder_ = testing::TempDir() + "/verified-" + std::to_string(::getpid());
  std::filesystem::path file_ = folder_ / "verified";
};

Verified record() {
  Verified one;
  one.seed = 0xffffffffffffffffU;
  one.looked = 4711;
  one.host = "docker-200";
  one.unit = R"(["7",null])";
  one.sysctls = {"net/ipv4/conf/eth0.10/rp_filter", "net.ipv4.ip_forward"};
  one.facts = {{"rules", "7-9"}, {"installed", ""}, {"build", "1.0 a b"}};
  return one;
}

TEST_F(VerifiedFile, IsReadAsItWasWritten) {
  store_verified(file_, record());
  EXPECT_EQ(load_verified(file_), record());
  struct stat status = {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(VerifiedFile, AbsentIsNone) { EXPECT_EQ(load_verified(file_), std::nullopt); }

TEST_F(VerifiedFile, CutShortAnywhereIsNone) {
  store_verified(file_, record());
  const std::string whole = text();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(file_) << whole.substr(0, size);
    EXPECT_EQ(load_verified(file_), std::nullopt) << size;
  }
}

TEST_F(VerifiedFile, WithAnyByteChangedIsNone) {
  store_verified(file_, record());
  const std::string whole = text();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 1);
    std::ofstream(file_) << other;
    EXPECT_EQ(load_verified(file_), std::nullopt) << at;
  }
}

TEST_F(VerifiedFile, ThatOthersCouldHaveWrittenIsNone) {
  store_verified(file_, record());
  ASSERT_EQ(::chmod(file_.c_str(), 0620), 0);
  EXPECT_EQ(load_verified(file_), std::nullopt);
}

TEST_F(VerifiedFile, HoldsNoNameThatWouldBeReadAsALine) {
  Verified odd = record();
  odd.host = "a\nlooked 9999";
  store_verified(file_, odd);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST(VerifiedAge, IsAnHourAtMostAndNeverNegative) {
  Verified one;
  one.looked = 1000;
  EXPECT_TRUE(fresh(one, 1000));
  EXPECT_TRUE(fresh(one, 1000 + 3599));
  EXPECT_FALSE(fresh(one, 1000 + 3600));
  EXPECT_FALSE(fresh(one, 999));
}

}  // namespace
}  // namespace overland::reconcile
