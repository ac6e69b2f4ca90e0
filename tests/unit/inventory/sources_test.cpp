// One inventory in several files.

#include "inventory/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "inventory/inventory.h"
#include "unit/base/scratch.h"

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kMain = R"(version = 1
[cluster]
pool = "10.100.0.0/16"
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "a"
address = "10.0.0.1"
bip = "10.100.1.1/24"
)";

std::string host(const std::string& name, int number) {
  return "[[host]]\nname = \"" + name + "\"\naddress = \"10.0.0." + std::to_string(number) +
         "\"\nbip = \"10.100." + std::to_string(number) + ".1/24\"\n";
}

std::string faults(const Sources& sources) {
  return render(parse(sources).diagnostics, "m.toml", "m.d");
}

std::vector<std::string> hosts(const Sources& sources) {
  std::vector<std::string> names;
  const Loaded loaded = parse(sources);
  EXPECT_TRUE(loaded.inventory) << faults(sources);
  if (!loaded.inventory) return names;
  for (const Host& one : loaded.inventory->hosts) names.push_back(one.name);
  return names;
}

TEST(Fragments, TheirHostsComeBehindThoseOfTheMainFileInTheirOrder) {
  EXPECT_THAT(hosts({kMain, {{"b.toml", host("b", 2)}, {"c.toml", host("c", 3) + host("d", 4)}}}),
              ElementsAre("a", "b", "c", "d"));
}

TEST(Fragments, MayNameSegmentsAndNetworksOfEachOther) {
  const std::string vlan =
      "[[host]]\nname = \"r\"\naddress = [\"10.0.0.9\", \"10.9.0.9\"]\nrouter = true\n"
      "masquerade = \"far\"\n"
      "[[network]]\nname = \"web\"\ndriver = \"bridge\"\nsubnets = { z = \"10.200.1.0/24\" }\n";
  const Sources sources = {kMain,
                           {{"b.toml", vlan},
                            {"c.toml", "[[segment]]\nname = \"far\"\nsubnet = \"10.9.0.0/24\"\n"},
                            {"d.toml", host("z", 5)}}};
  EXPECT_THAT(hosts(sources), ElementsAre("a", "r", "z"));
  const auto inventory = *parse(sources).inventory;
  EXPECT_TRUE(inventory.hosts[2].networks);
}

TEST(Fragments, AFaultNamesItsFileAndLine) {
  EXPECT_THAT(faults({kMain, {{"b.toml", host("b", 2)}, {"c.toml", "\n" + host("c", 300)}}}),
              HasSubstr("m.d/c.toml:4:11: error: OVL-E030"));
  EXPECT_THAT(faults({kMain + "x = 1\n", {{"b.toml", host("b", 2)}}}),
              HasSubstr("m.toml:11:1: error: OVL-E003"));
}

TEST(Fragments, ANameGivenTwiceIsSaidWithBothPlaces) {
  const std::string said =
      faults({kMain, {{"b.toml", host("b", 2)}, {"c.toml", "\n" + host("b", 3)}}});
  EXPECT_THAT(said, HasSubstr("m.d/c.toml:3:8: error: OVL-E021"));
  EXPECT_THAT(said, HasSubstr("taken already (line 2 of b.toml)"));
  EXPECT_THAT(faults({kMain, {{"b.toml", host("a", 2)}}}), HasSubstr("(line 8 of the main file)"));
}

TEST(Fragments, WhatBelongsInTheMainFileIsRefused) {
  for (const std::string top : {"version = 1", "generation = 3", "[cluster]", "[docker]",
                                "[firewall]", "end = true", "min_overland = \"99.0\"", "[end]"}) {
    const std::string before =
        top.front() == '[' ? host("b", 2) + top + "\n" : top + "\n" + host("b", 2);
    EXPECT_THAT(faults({kMain, {{"b.toml", before}}}), HasSubstr(": error: OVL-E120")) << top;
  }
  EXPECT_THAT(faults({kMain, {{"b.toml", host("b", 2) + "[end]\n"}}}),
              HasSubstr("m.d/b.toml:5:1: error: OVL-E120: [end] stands in a fragment"));
}

TEST(Fragments, EachIsTomlOfItsOwn) {
  const std::string said = faults(
      {kMain, {{"b.toml", host("b", 2) + "name\n"}, {"c.toml", "\n[[host]\n"}, {"d.toml", "x=1"}}});
  EXPECT_THAT(said, HasSubstr("m.d/b.toml:5:"));
  EXPECT_THAT(said, HasSubstr("m.d/c.toml:2:"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("d.toml")));  // syntax comes first
  EXPECT_THAT(faults({kMain, {{"b.toml", "bip = \"10.100.9.1/24\"\n" + host("b", 2)}}}),
              HasSubstr("m.d/b.toml:1:1: error: OVL-E003"));
}

TEST(Fragments, MayHoldAllHostsAndSegments) {
  EXPECT_THAT(hosts({"version = 1\n",
                     {{"a.toml", host("a", 1) + host("b", 2)},
                      {"z.toml", "[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/24\"\n"}}}),
              ElementsAre("a", "b"));
}

TEST(Joined, IsTheMainFileAloneWithoutFragments) { EXPECT_EQ(joined({kMain}), kMain); }

TEST(Joined, TellsNamesTextsAndTheirOrderApart) {
  const Sources sources = {kMain, {{"a.toml", "x\n"}, {"b.toml", "y\n"}}};
  EXPECT_EQ(separated(joined(sources)), sources);
  EXPECT_EQ(size_of_joined(sources), joined(sources).size());
  EXPECT_EQ(separated(kMain), Sources{kMain});
  EXPECT_NE(joined({kMain, {{"a.toml", "x\ny\n"}}}), joined(sources));
  EXPECT_NE(joined({kMain, {{"c.toml", "x\n"}, {"b.toml", "y\n"}}}), joined(sources));
  EXPECT_NE(joined({kMain + "x\n"}), joined({kMain, {{"a.toml", "x\n"}}}));
}

TEST(Separated, TakesWhateverBytesThereAre) {
  for (const std::string& bytes : {std::string("a\0", 2), std::string("a\0b", 3),
                                   std::string("\0\0\0", 3), std::string("a\0b\0c\0", 6)}) {
    EXPECT_EQ(separated(bytes).text, bytes.substr(0, bytes.find('\0')));
  }
}

class Folder : public tests::Scratch {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(at("d"));
    write("m.toml", kMain);
  }
  [[nodiscard]] Sources read(Owners owners = Owners::kRootOnly) const {
    return read_sources(at("m.toml"), at("d"), owners);
  }
  [[nodiscard]] std::string refusal(Owners owners = Owners::kRootOnly) const {
    try {
      static_cast<void>(read(owners));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInventory);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(Folder, IsReadByName) {
  write("d/20-b.toml", "b");
  write("d/10-c.toml", "c");
  write("d/Z.toml", "z");
  EXPECT_EQ(read(), (Sources{kMain, {{"10-c.toml", "c"}, {"20-b.toml", "b"}, {"Z.toml", "z"}}}));
}

TEST_F(Folder, NeedNotBeThere) {
  std::filesystem::remove(at("d"));
  EXPECT_EQ(read(), Sources{kMain});
}

TEST_F(Folder, LeftoversOfEditorsAndPackagesAreNoFragments) {
  for (const char* const name : {".b.toml.XXXXXX", ".#b.toml", "b.toml~", "b.toml.bak", "README",
                                 "b.toml.dpkg-old", "#b.toml#", ".toml"}) {
    write(std::string("d/") + name, "broken");
  }
  EXPECT_EQ(read(), Sources{kMain});
}

TEST_F(Folder, ANameThatCouldMisleadIsRefused) {
  write("d/a b.toml", "x");
  EXPECT_THAT(refusal(), HasSubstr("rename it"));
}

TEST_F(Folder, AnEmptyFragmentIsRefused) {
  write("d/b.toml", "");
  EXPECT_THAT(refusal(), HasSubstr("b.toml is empty"));
}

TEST_F(Folder, MustBeAFolder) {
  std::filesystem::remove(at("d"));
  write("d", "x");
  EXPECT_THAT(refusal(), HasSubstr("is no folder"));
}

TEST_F(Folder, ThatOthersMayWriteIsOnlyLookedAt) {
  write("d/b.toml", "b");
  ASSERT_EQ(::chmod(at("d").c_str(), 01777), 0);
  EXPECT_THAT(refusal(), HasSubstr("may be written by others"));
  EXPECT_EQ(read(Owners::kAny).fragments.size(), 1U);
  ASSERT_EQ(::chmod(at("d").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(at("d/b.toml").c_str(), 0666), 0);
  EXPECT_THAT(refusal(), HasSubstr("may be written by others"));
}

TEST_F(Folder, OfAnotherUserIsOnlyLookedAt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a folder away";
  write("d/b.toml", "b");
  ASSERT_EQ(::chown(at("d").c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 65534"));
  EXPECT_EQ(read(Owners::kAny).fragments.size(), 1U);
}

/// A writer that moves one host between two files, so that it is in one of them at each moment but
/// between two renames.
TEST_F(Folder, IsNeverReadHalfChanged) {
  write("d/a.toml", "1");
  write("d/b.toml", "1");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int round = 2; !stop; ++round) {
      for (const char* const name : {"d/a.toml", "d/b.toml"}) {
        write("new", std::to_string(round));
        std::filesystem::rename(at("new"), at(name));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  for (int i = 0; i < 50; ++i) {
    const Sources sources = read();
    const int a = std::stoi(sources.fragments.at(0).text);
    const int b = std::stoi(sources.fragments.at(1).text);
    EXPECT_TRUE(a == b || a == b + 1) << a << " " << b;  // never a newer b beside an older a
  }
  stop = true;
  writer.join();
}

TEST_F(Folder, ThatNeverStaysAsItIsIsSaid) {
  constexpr std::size_t kSlow = std::size_t{32} << 20U;  // to read, beside what a change takes
  write("m.toml", std::string(kSlow, '#'));
  write("d/a.toml", "1");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int round = 2; !stop; ++round) {
      write("d/new", std::to_string(round));
      std::filesystem::rename(at("d/new"), at("d/a.toml"));
    }
  });
  try {
    // A reading may hit a pause of the writer.
    for (int i = 0; i < 100; ++i) static_cast<void>(read());
    ADD_FAILURE() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kLocked);
    EXPECT_THAT(error.what(), HasSubstr("run it again"));
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace overland::inventory
