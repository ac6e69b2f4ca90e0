#include "inventory/frame.h"

#include <gtest/gtest.h>

#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

const std::string kWhole = R"(version = 1
min_overland = "0.1"
generation = 7
end = true

[[segment]]
name = "lan"
subnet = "10.0.0.0/24"

[[host]]
name = "a"
address = "10.0.0.1"
bip = "192.168.1.1/24"

[[host]]
name = "b"
address = "10.0.0.2"
bip = "192.168.2.1/24"

[end]  # nothing comes after this
)";

TEST(Frame, AWholeFileIsRead) {
  const Loaded loaded = parse(kWhole);
  ASSERT_TRUE(loaded.inventory) << render(loaded.diagnostics, "whole");
  EXPECT_EQ(loaded.inventory->generation, 7);
  EXPECT_EQ(loaded.inventory->hosts.size(), 2U);
}

TEST(Frame, NoCutOffFileIsValid) {
  const std::size_t end = kWhole.find("[end]") + 5;
  for (std::size_t size = 0; size < end; ++size) {
    EXPECT_FALSE(parse(kWhole.substr(0, size)).inventory) << size;
  }
  EXPECT_TRUE(parse(kWhole.substr(0, end)).inventory);
}

TEST(Frame, EndMayStandWithoutBeingAskedFor) {
  std::string text = kWhole;
  text.erase(text.find("end = true\n"), 11);
  EXPECT_TRUE(parse(text).inventory);
}

TEST(Frame, AFileWithoutAGenerationHasNone) {
  std::string text = kWhole;
  text.erase(text.find("generation = 7\n"), 15);
  EXPECT_EQ(parse(text).inventory->generation, std::nullopt);
}

TEST(Frame, EndInAStringIsNone) {
  std::string text = kWhole;
  text.insert(text.find("[[segment]]"), "[cluster]\nname = '''\n[end]\n'''\n");
  const Loaded loaded = parse(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << render(loaded.diagnostics, "string");
  EXPECT_EQ(loaded.diagnostics.front().code, "OVL-E023");
}

TEST(Release, IsTwoOrThreeNumbers) {
  EXPECT_EQ(read_release("1.2"), (Release{1, 2, 0}));
  EXPECT_EQ(read_release("1.2.30"), (Release{1, 2, 30}));
  for (const char* text :
       {"", "1", "1.", ".1", "1.2.", "1.2.3.4", "1.x", "-1.2", "1.20000", " 1.2"}) {
    EXPECT_EQ(read_release(text), std::nullopt) << text;
  }
  EXPECT_NE(this_release(), Release{});
}

TEST(Release, OlderAndEqualOnesAreEnough) {
  for (const char* running : {"0.1", "0.1.1", "1.0"}) {
    Report report;
    EXPECT_FALSE(needs_newer("min_overland = '0.1'", *read_release(running), report)) << running;
    EXPECT_TRUE(report.take().empty());
  }
  Report report;
  EXPECT_TRUE(needs_newer("min_overland = '0.1.1'", *read_release("0.1"), report));
  ASSERT_EQ(report.take().size(), 1U);
}

TEST(Release, IsLookedForAboveTheFirstSectionOnly) {
  Report report;
  for (const char* text : {"[cluster]\nmin_overland = '9.0'", "# min_overland = '9.0'",
                           "a = [\nmin_overland = '9.0'\n]", "min_overland", "min_overland = '9"}) {
    EXPECT_FALSE(needs_newer(text, {0, 1, 0}, report)) << text;
  }
}

}  // namespace
}  // namespace overland::inventory
