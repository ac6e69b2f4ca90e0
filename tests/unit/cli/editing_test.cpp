// The verbs that edit an inventory, as they are called: files, exit codes, what is said.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/exit_code.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Arguments = std::vector<std::string>;

constexpr const char* kFile = R"(version = 1
generation = 3
[cluster]
pool = "10.100.0.0/16"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "a"
address = "10.0.0.1"
bip = "10.100.0.1/24"
[[host]]
name = "b"
address = "10.0.0.2"
bip = "auto"
)";

struct Called {
  int code;
  std::string output;
  std::string error;
};

class Editing : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "overland-edit-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::ofstream(file(), std::ios::binary) << kFile;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string file() const { return folder_ / "fleet.toml"; }
  [[nodiscard]] std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static Called call(const Arguments& arguments) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run(arguments);
    std::string error = ::testing::internal::GetCapturedStderr();
    return {code, ::testing::internal::GetCapturedStdout(), error};
  }

  fs::path folder_;
};

TEST_F(Editing, WhatDerivesRefusesAnAutoBipAndNamesAssign) {
  for (const Arguments& arguments :
       {Arguments{"explain", "-i", file(), "a", "b"}, Arguments{"graph", "-i", file()}}) {
    const Called refused = call(arguments);
    EXPECT_EQ(refused.code, kInventory);
    EXPECT_THAT(refused.error, AllOf(HasSubstr("the bip of host b is still \"auto\""),
                                     HasSubstr("overland assign " + file())));
  }
  const Called valid = call({"validate", file()});
  EXPECT_EQ(valid.code, kOk);
  EXPECT_THAT(valid.output, HasSubstr("1 host waits for a bip: overland assign " + file()));
  EXPECT_THAT(call({"validate", "--json", file()}).output, HasSubstr("\"auto_bips\": 1"));
}

TEST_F(Editing, AssignWritesSaysWhatToRunAndThenHasNothingToDo) {
  const Called dry = call({"assign", "--dry-run", file()});
  EXPECT_EQ(dry.code, kOk);
  EXPECT_THAT(dry.output,
              AllOf(HasSubstr("b: bip 10.100.1.1/24"), HasSubstr("nothing was written")));
  EXPECT_EQ(content(), kFile);
  const Called done = call({"assign", file()});
  EXPECT_EQ(done.code, kOk);
  EXPECT_THAT(done.output, AllOf(HasSubstr("1 bip assigned, generation 4\n"),
                                 HasSubstr("--restart-docker` on b.")));
  EXPECT_THAT(content(), HasSubstr("bip = \"10.100.1.1/24\""));
  EXPECT_EQ(call({"graph", "-i", file()}).code, kOk);
  EXPECT_THAT(call({"assign", "-i", file()}).output, HasSubstr("nothing changed"));
}

TEST_F(Editing, AssignTakesHostsWithOrWithoutAFile) {
  EXPECT_THAT(call({"assign", "-i", file(), "a"}).output,
              HasSubstr("a: bip 10.100.0.1/24 already"));
  EXPECT_THAT(call({"assign", file(), "c"}).error, HasSubstr("no host \"c\""));
  EXPECT_EQ(call({"assign", "-i", file(), file()}).code, kUsage);
  EXPECT_EQ(call({"assign", "--length", "31", file()}).code, kUsage);
  EXPECT_EQ(call({"assign", "-"}).code, kUsage);
}

TEST_F(Editing, AddAndRemoveSayWhereToRunWhat) {
  const Called added = call({"add", "-i", file(), "c", "--address", "10.0.0.3"});
  EXPECT_EQ(added.code, kOk) << added.error;
  EXPECT_THAT(added.output, AllOf(HasSubstr("host c added, bip 10.100.1.1/24, generation 4"),
                                  HasSubstr("`overland apply --restart-docker` on c.")));
  EXPECT_THAT(call({"add", "-i", file(), "c", "--address", "10.0.0.3"}).output,
              HasSubstr("is there already, bip 10.100.1.1/24; nothing changed"));
  EXPECT_EQ(call({"add", "-i", file(), "d", "--address", "10.0.0.4", "--bip", "none"}).code, kOk);
  EXPECT_EQ(
      call({"add", "-i", file(), "e", "--address", "10.0.0.5", "--bip", "10.100.9.1/26"}).code,
      kOk);
  EXPECT_THAT(content(), HasSubstr("bip = \"10.100.9.1/26\""));
  const Called removed = call({"remove", "-i", file(), "c"});
  EXPECT_EQ(removed.code, kOk);
  EXPECT_THAT(removed.output, AllOf(HasSubstr("host c removed (lines 16 to 19), generation 7"),
                                    HasSubstr("--prune"), HasSubstr("overland purge")));
  EXPECT_EQ(call({"remove", "-i", file(), "c"}).code, kUsage);
}

TEST_F(Editing, WhatIsMissingOrFaultyIsRefusedAndTheFileStays) {
  EXPECT_EQ(call({"add", "-i", file(), "c"}).code, kUsage);
  EXPECT_EQ(call({"add", "-i", file(), "--address", "10.0.0.3"}).code, kUsage);
  EXPECT_EQ(call({"add", "-i", file(), "c", "--address", "10.0.0.3/24"}).code, kUsage);
  EXPECT_EQ(call({"add", "-i", file(), "c", "--address", "10.0.0.3", "--bip", "x"}).code, kUsage);
  EXPECT_EQ(call({"add", "-i", file(), "c", "--address", "10.9.0.3"}).code, kInventory);
  EXPECT_EQ(call({"remove", "-i", file()}).code, kUsage);
  EXPECT_EQ(content(), kFile);
  std::ofstream(file(), std::ios::app) << "bib = 1\n";
  const Called faulty = call({"assign", file()});
  EXPECT_EQ(faulty.code, kInventory);
  EXPECT_THAT(faulty.error, AllOf(HasSubstr("fleet.toml:16:1"), HasSubstr("mend them first")));
}

TEST_F(Editing, TheFirstHostsOfAFileAreAddedOneByOne) {
  std::string head = kFile;
  head.resize(head.find("[[host]]"));
  std::ofstream(file(), std::ios::binary) << head;
  EXPECT_EQ(call({"add", "-i", file(), "a", "--address", "10.0.0.1"}).code, kOk);
  EXPECT_EQ(call({"add", "-i", file(), "b", "--address", "10.0.0.2"}).code, kOk);
  EXPECT_THAT(call({"validate", file()}).output, HasSubstr("2 hosts, 2 with Docker"));
  EXPECT_THAT(content(),
              HasSubstr("\n\n[[host]]\nname    = \"b\"\naddress = \"10.0.0.2\"\nbip     = "
                        "\"10.100.1.1/24\"\n"));
}

}  // namespace
}  // namespace overland::cli
