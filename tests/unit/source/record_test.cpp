#include "source/record.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace overland::source {
namespace {

namespace fs = std::filesystem;

class KeptRecord : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "overland-source-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] fs::path file() const { return folder_ / "source.json"; }

  fs::path folder_;
};

TEST_F(KeptRecord, ComesBackAsItWas) {
  EXPECT_EQ(load_record(file()), std::nullopt);
  Record record;
  record.source = "etcd https://a key";
  record.last_visit = 17;
  record.last_success = 16;
  record.fault = "bytes that are no UTF-8 do not throw";
  record.generation = 3;
  record.hash = "0123456789abcdef";
  record.version = "\"etag\"";
  store_record(file(), record);
  EXPECT_EQ(load_record(file()), record);
  record.generation.reset();
  store_record(file(), record);
  EXPECT_EQ(load_record(file()), record);
  record.fault = "\xff";
  store_record(file(), record);
  EXPECT_TRUE(load_record(file()));
}

TEST_F(KeptRecord, CountsForNothingWhereItIsDamagedOrOthersCouldWriteIt) {
  std::ofstream(file()) << "{";
  EXPECT_EQ(load_record(file()), std::nullopt);
  std::ofstream(file()) << "{}";
  EXPECT_EQ(load_record(file()), std::nullopt);
  store_record(file(), {});
  ASSERT_TRUE(load_record(file()));
  fs::permissions(file(), fs::perms::all);
  EXPECT_EQ(load_record(file()), std::nullopt);
}

}  // namespace
}  // namespace overland::source
