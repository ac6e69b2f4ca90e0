// Slots, and hosts in fragments.

#include "unit/inventory/edit/edit_scene.h"

namespace overland::inventory {
namespace {

using ::testing::HasSubstr;
using tests::fault;
using tests::kHead;

const std::string kWeb = R"(
[[network]]
name = "web"
driver = "bridge"
pool = "10.200.0.0/22"
length = 24
)";

std::string host(const std::string& name, int number, const std::string& more) {
  return "\n[[host]]\nname    = \"" + name + "\"\naddress = \"10.0.0." + std::to_string(number) +
         "\"\n" + more;
}

std::string bip(int number) { return "bip     = \"10.100." + std::to_string(number) + ".1/24\"\n"; }

TEST(AssignSlots, OneThatGetsABipGetsTheSlotAfterTheHighest) {
  const std::string before = kHead + kWeb + host("a", 1, "slot    = 1\n" + bip(1)) +
                             host("b", 2, "bip     = \"auto\"  # new\n");
  const Edit edit = assign({before}, {});
  ASSERT_EQ(edit.slots.size(), 1U);
  EXPECT_EQ(edit.slots[0].host, "b");
  EXPECT_EQ(edit.slots[0].slot, 2U);
  EXPECT_THAT(edit.after.text, HasSubstr("address = \"10.0.0.2\"\nslot    = 2\n"
                                         "bip     = \"10.100.2.1/24\"  # new\n"));
  EXPECT_EQ(assign(edit.after, {}).after, edit.after);
}

TEST(AssignSlots, HostsThatANetworkNamesGetThemWhereTheyLackThem) {
  const std::string before = kHead + kWeb + "hosts = [\"a\", \"b\"]\n" + host("a", 1, bip(1)) +
                             host("b", 2, bip(2)) + host("c", 3, bip(3));
  EXPECT_FALSE(parse(before).inventory);
  const Edit edit = assign({before}, {});
  ASSERT_EQ(edit.slots.size(), 2U);
  EXPECT_EQ(edit.slots[0].slot, 0U);
  EXPECT_EQ(edit.slots[1].slot, 1U);
  EXPECT_TRUE(parse(edit.after).inventory);
}

TEST(AssignSlots, OthersWithABipGetOneOnlyWhenAskedFor) {
  const std::string before =
      kHead + kWeb + host("a", 1, "slot = 0\n" + bip(1)) + host("b", 2, bip(2));
  EXPECT_EQ(assign({before}, {}).after.text, before);
  EXPECT_EQ(assign({before}, {.hosts = {"b"}}).slots.size(), 1U);
  EXPECT_EQ(assign({before}, {.all = true}).slots.size(), 1U);
}

TEST(AssignSlots, NoneWhereNoNetworkHasPieces) {
  const std::string before = kHead + host("a", 1, "bip = \"auto\"\n") + host("b", 2, bip(2));
  EXPECT_TRUE(assign({before}, {.all = true}).slots.empty());
}

TEST(AssignSlots, OneThatCameFreeIsGivenOnceTheOthersAre) {
  const std::string before = kHead + kWeb + host("a", 1, "slot = 3\n" + bip(1)) +
                             host("b", 2, "slot = 0\n" + bip(2)) + host("c", 3, "bip = \"auto\"\n");
  EXPECT_EQ(assign({before}, {}).slots.at(0).slot, 1U);
}

TEST(AssignSlots, WhereANetworkIsFullItIsSaidAndNothingChanges) {
  std::string before = kHead + kWeb;
  for (int i = 0; i < 4; ++i) {
    before += host("h" + std::to_string(i), i + 1, "slot = " + std::to_string(i) + "\n" + bip(i));
  }
  before += host("late", 99, "bip = \"auto\"\n");
  EXPECT_THAT(fault(base::ErrorKind::kInventory, [&] { assign({before}, {}); }),
              HasSubstr("no slot is left for host late"));
}

TEST(AddHost, GetsASlotWhereNetworksHavePieces) {
  const std::string before = kHead + kWeb + host("a", 1, "slot = 1\n" + bip(1));
  const Edit edit = add_host({before}, tests::new_host("b", "10.0.0.2"));
  EXPECT_EQ(edit.slots.at(0).slot, 2U);
  EXPECT_EQ(parse(edit.after).inventory->hosts.at(1).slot, 2U);
}

const std::string kB =
    "# web team\n[[host]]\nname = \"b\"\naddress = \"10.0.0.2\"\nbip = \"auto\"\n";
const std::string kC = "[[host]]\nname = \"c\"\naddress = \"10.0.0.3\"\nbip = \"auto\"\n";

TEST(EditFragments, AssignWritesWhereTheHostStands) {
  const Sources before = {kHead + host("a", 1, bip(1)), {{"b.toml", kB}, {"c.toml", kC}}};
  const Edit edit = assign(before, {});
  EXPECT_THAT(edit.after.fragments[0].text, HasSubstr("# web team"));
  EXPECT_THAT(edit.after.fragments[0].text, HasSubstr("bip = \"10.100.2.1/24\""));
  EXPECT_THAT(edit.after.fragments[1].text, HasSubstr("bip = \"10.100.3.1/24\""));
  EXPECT_THAT(edit.after.text, HasSubstr("generation = 8"));
  EXPECT_EQ(edit.generation, 8);
}

TEST(EditFragments, AddWritesToTheMainFileAndSeesWhatTheOthersHave) {
  const Sources before = {kHead + host("a", 1, bip(1)), {{"z.toml", host("z", 9, bip(7))}}};
  const Edit edit = add_host(before, tests::new_host("b", "10.0.0.2"));
  EXPECT_EQ(edit.after.fragments, before.fragments);
  EXPECT_THAT(edit.after.text, HasSubstr("name    = \"b\"\n"));
  EXPECT_EQ(edit.given.at(0).bip.to_string(), "10.100.8.1/24");
  EXPECT_THAT(
      fault(base::ErrorKind::kUsage, [&] { add_host(before, tests::new_host("z", "10.0.0.2")); }),
      HasSubstr("in line 2 of z.toml"));
}

TEST(EditFragments, RemoveTakesTheHostOutOfItsFileWhichStays) {
  const Sources before = {kHead + host("a", 1, bip(1)),
                          {{"b.toml", "[[host]]\nname = \"b\"\naddress = \"10.0.0.2\"\n"}}};
  const Edit edit = remove_host(before, "b");
  EXPECT_EQ(edit.fragment, "b.toml");
  EXPECT_EQ(edit.first_line, 1U);
  EXPECT_EQ(edit.after.fragments.at(0).text, "\n");
  EXPECT_EQ(
      remove_host({kHead + host("a", 1, bip(1)) + host("c", 3, bip(3)), before.fragments}, "c")
          .after.fragments,
      before.fragments);
}

}  // namespace
}  // namespace overland::inventory
