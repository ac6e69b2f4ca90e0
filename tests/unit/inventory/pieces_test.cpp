// Large inventories are parsed piece by piece; nobody must notice.

#include "inventory/pieces.h"

#include <gmock/gmock.h>

#include <cstdint>

#include "inventory/inventory.h"

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

const std::string kHead = "version = 1\n[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/8\"\n";
constexpr int kMany = 8000;  // some twenty pieces

std::string host(int i) {
  const std::string low = std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
  return "[[host]]\nname = \"h" + std::to_string(i) + "\"\naddress = \"10.0." + low +
         "\"\nbip = \"172." + std::to_string(16 + i / 4096) + "." + std::to_string(i / 16 % 256) +
         "." + std::to_string(i % 16 * 16 + 1) + "/28\"\n";
}

std::string fleet() {
  std::string text = kHead;
  for (int i = 0; i < kMany; ++i) text += host(i);
  return text;
}

TEST(Pieces, CutAtHostsOnly) {
  const std::string text =
      kHead + host(1) + "[host.docker]\nbridge = \"br0\"\n" + host(2) + host(3);
  const auto pieces = cut(text, find_sections(text), 1);
  ASSERT_THAT(pieces, SizeIs(3));
  EXPECT_TRUE(pieces[0].ends_with("bridge = \"br0\"\n"));
  EXPECT_EQ(pieces[1], host(2));
  EXPECT_EQ(pieces[2], host(3));
  EXPECT_THAT(cut(text, find_sections(text), text.size()), ElementsAre(text));
}

TEST(Pieces, HeadersInStringsCommentsAndListsAreNone) {
  const std::string text =
      kHead +
      "[[host]]\nname = \"\"\"\n[[host]]\"\"\" # [[host]]\nx = '[[host]]'\naddress = [\n"
      "  [[host]]\n]\n  [[host]]\n";
  EXPECT_THAT(find_sections(text).hosts, ElementsAre(kHead.size(), text.size() - 9));
}

TEST(Pieces, OneWhereOtherSectionsFollow) {
  for (const char* section :
       {"[docker]\n", "[[segment]]\n", "[[ host ]]\n", "[\"host\"]\n", "[hosts]\n"}) {
    const std::string text = kHead + host(1) + host(2) + section + host(3);
    EXPECT_THAT(cut(text, find_sections(text), 1), ElementsAre(text)) << section;
  }
}

TEST(Pieces, AllHostsAreRead) {
  const auto loaded = parse(fleet());
  ASSERT_TRUE(loaded.inventory) << render(loaded.diagnostics, "fleet");
  ASSERT_THAT(loaded.inventory->hosts, SizeIs(kMany));
  EXPECT_EQ(loaded.inventory->hosts.back().name, "h7999");
  for (int i = 0; i < kMany; ++i) {
    EXPECT_EQ(loaded.inventory->hosts[static_cast<std::size_t>(i)].position.line, 5 + 4 * i);
  }
}

TEST(Pieces, FaultsStandWhereTheyAre) {
  const auto loaded = parse(fleet() + "[[host]]\nname = \"h5\"\naddres = \"10.1.2.3\"\n");
  EXPECT_FALSE(loaded.inventory);
  const std::uint32_t line = 5 + 4 * kMany;
  for (const auto& fault : loaded.diagnostics) EXPECT_GE(fault.position.line, line);
  EXPECT_THAT(loaded.diagnostics, SizeIs(2));  // unknown key, name used before
}

TEST(Pieces, AFaultOfSyntaxStandsAlone) {
  const auto loaded =
      parse(kHead + "[[host]]\nbip = 7\n" + fleet().substr(kHead.size()) + "x = =\n");
  ASSERT_THAT(loaded.diagnostics, SizeIs(1));
  EXPECT_EQ(loaded.diagnostics.front().position.line, 5 + 2 + 4 * kMany);
}

}  // namespace
}  // namespace overland::inventory
