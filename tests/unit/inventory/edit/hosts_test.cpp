// Hosts that come and go.

#include "edit_scene.h"

namespace overland::inventory {
namespace {

using base::ErrorKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::fault;
using tests::kHead;
using tests::new_host;

const std::string kPlain = tests::head_without_generation();

constexpr const char* kTwo = R"(
# web
[[host]]
name    = "a"
address = "10.0.0.1"
bip     = "10.100.0.1/24"  # first

# db
[[host]]
name    = "b"
address = "10.0.0.2"
bip     = "10.100.1.1/24"
# the end
)";

std::string added(const std::string& text, const NewHost& host) {
  return add_host({text}, host).after.text;
}

std::string removed(const std::string& text, const std::string& name) {
  return remove_host({text}, name).after.text;
}

TEST(AddHost, StandsBehindTheLastOneInItsStyle) {
  const Edit edit = add_host({kHead + kTwo}, new_host("c", "10.0.0.3"));
  std::string wanted = kHead + kTwo;
  wanted.replace(wanted.find("= 7"), 3, "= 8");
  wanted.insert(wanted.find("# the end"), R"(
[[host]]
name    = "c"
address = "10.0.0.3"
bip     = "10.100.2.1/24"
)");
  EXPECT_EQ(edit.after.text, wanted);
  EXPECT_EQ(edit.generation, 8);
  ASSERT_EQ(edit.given.size(), 1U);
  EXPECT_EQ(edit.given[0].bip.to_string(), "10.100.2.1/24");
}

TEST(AddHost, OtherHostsThatSayAutoKeepIt) {
  const std::string text = kPlain + "[[host]]\nname=\"a\"\naddress=\"10.0.0.1\"\nbip=\"auto\"\n";
  EXPECT_EQ(added(text, new_host("b", "10.0.0.2")),
            text + "[[host]]\nname=\"b\"\naddress=\"10.0.0.2\"\nbip=\"10.100.0.1/24\"\n");
}

TEST(AddHost, SeveralAddressesAndNoBip) {
  NewHost host = new_host("r", "10.0.0.3");
  host.addresses.push_back(*model::Address::parse("10.0.0.4"));
  host.from_pool = false;
  EXPECT_EQ(added(kPlain + "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"", host),
            kPlain +
                "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\n[[host]]\nname = "
                "\"r\"\naddress = [\"10.0.0.3\", \"10.0.0.4\"]");
}

TEST(AddHost, TheFirstOneOfAFileBeforeItsEnd) {
  const std::string text = "end = true\n" + kPlain;
  EXPECT_EQ(added(text + "\n[end]\n", new_host("a", "10.0.0.1")),
            text +
                "\n\n[[host]]\nname    = \"a\"\naddress = \"10.0.0.1\"\nbip     = "
                "\"10.100.0.1/24\"\n[end]\n");
}

TEST(AddHost, BehindTheSectionsOfTheLastOne) {
  const std::string text = kPlain +
                           "[[host]]\r\nname = \"a\"\r\naddress = \"10.0.0.1\"\r\n"
                           "[[host.docker.address_pools]]\r\nbase = \"172.20.0.0/16\"\r\n";
  EXPECT_EQ(added(text, new_host("b", "10.0.0.2")),
            text +
                "[[host]]\r\nname = \"b\"\r\naddress = \"10.0.0.2\"\r\nbip = "
                "\"10.100.0.1/24\"\r\n");
}

TEST(AddHost, AnInlineListGetsOneMore) {
  EXPECT_EQ(
      added("host = [ {name=\"a\", address=\"10.0.0.1\"} ]\n" + kPlain, new_host("b", "10.0.0.2")),
      "host = [ {name=\"a\", address=\"10.0.0.1\"}, { name=\"b\", address=\"10.0.0.2\", "
      "bip=\"10.100.0.1/24\" } ]\n" +
          kPlain);
  EXPECT_EQ(added("host = [\n  {name = \"a\", address = \"10.0.0.1\"}, # x\n]\n" + kPlain,
                  new_host("b", "10.0.0.2")),
            "host = [\n  {name = \"a\", address = \"10.0.0.1\"},\n  { name = \"b\", address = "
            "\"10.0.0.2\", bip = \"10.100.0.1/24\" }, # x\n]\n" +
                kPlain);
}

TEST(AddHost, OneThatIsThereChangesNothingAndAnotherOfTheNameIsRefused) {
  const std::string text = kHead + kTwo;
  EXPECT_EQ(added(text, new_host("B", "10.0.0.2")), text);
  EXPECT_THAT(fault(ErrorKind::kUsage, [&] { added(text, new_host("b", "10.0.0.3")); }),
              AllOf(HasSubstr("a host b in line 17"), HasSubstr("another address")));
  NewHost other = new_host("b", "10.0.0.2");
  other.from_pool = false;
  other.bip = model::InterfaceAddress::parse("10.100.9.1/24");
  EXPECT_THAT(fault(ErrorKind::kUsage, [&] { added(text, other); }), HasSubstr("bip"));
}

TEST(AddHost, WhatTheReaderWouldNotTakeIsRefusedWithItsWords) {
  const std::string text = kHead + kTwo;
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { added(text, new_host("c", "10.9.0.1")); }),
              AllOf(HasSubstr("OVL-E033"), HasSubstr("nothing was written")));
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { added(text, new_host("c", "10.0.0.1")); }),
              HasSubstr("OVL-E032"));
  for (const char* name : {"", "c\"\nrouter = true #", "ü", "a b"}) {
    EXPECT_THAT(fault(ErrorKind::kUsage, [&] { added(text, new_host(name, "10.0.0.3")); }),
                HasSubstr("no host name"));
  }
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { added(text, new_host("-c", "10.0.0.3")); }),
              HasSubstr("OVL-E020"));
}

TEST(RemoveHost, CommentsAroundItStayAndAreTold) {
  const Edit edit = remove_host({kHead + kTwo}, "A");
  std::string wanted = kHead + kTwo;
  const std::size_t begin = wanted.find("[[host]]");
  wanted.erase(begin, wanted.find("\n# db") - begin);
  wanted.replace(wanted.find("= 7"), 3, "= 8");
  EXPECT_EQ(edit.after.text, wanted);
  EXPECT_EQ(edit.generation, 8);
  EXPECT_EQ(edit.comment_line, 10U);
  EXPECT_EQ(edit.first_line, 11U);
  EXPECT_EQ(edit.last_line, 14U);
}

constexpr const char* kA = "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\n";
constexpr const char* kB = "[[host]]\nname = \"b\"\naddress = \"10.0.0.2\"\n";

TEST(RemoveHost, ParagraphsStayApartAndTheFileEndsAsItDid) {
  EXPECT_EQ(removed(kPlain + "\n" + kA + "\n" + kB, "a"), kPlain + "\n" + kB);
  EXPECT_EQ(removed(kPlain + "\n" + kA + "\n" + kB, "b"), kPlain + "\n" + kA);
  EXPECT_EQ(removed(kPlain + kA + kB, "a"), kPlain + kB);
  EXPECT_EQ(removed(kPlain + kA + kB + "\n[firewall]\nmark = 4\n", "b"),
            kPlain + kA + "\n[firewall]\nmark = 4\n");
}

TEST(RemoveHost, ItsSectionsGoWithItWhereverTheyStand) {
  const std::string sections = "docker.bridge = \"br0\"\n# inside\n[host.firewall] # c\nmark = 4\n";
  EXPECT_EQ(removed(kPlain + kA + sections + kB, "a"), kPlain + kB);
  const std::string scattered =
      "[firewall]\nmark = 8\n[host.docker]\nbridge = \"br1\"\n"
      "[[host.docker.address_pools]]\nbase = \"172.20.0.0/16\"\n";
  EXPECT_EQ(removed(kPlain + kB + kA + scattered + "[docker]\nbridge = \"br2\"\n", "a"),
            kPlain + kB + "[firewall]\nmark = 8\n[docker]\nbridge = \"br2\"\n");
}

TEST(RemoveHost, AnInlineListKeepsItsShape) {
  const std::string rows =
      "host = [\n  {name=\"a\",address=\"10.0.0.1\"}, # x\n  {name=\"b\",address=\"10.0.0.2\"} # "
      "y\n]\n";
  EXPECT_EQ(removed(rows + kPlain, "a"),
            "host = [\n  {name=\"b\",address=\"10.0.0.2\"} # y\n]\n" + kPlain);
  EXPECT_EQ(removed(rows + kPlain, "b"),
            "host = [\n  {name=\"a\",address=\"10.0.0.1\"} # x\n]\n" + kPlain);
  const std::string line =
      "host = [{name=\"a\",address=\"10.0.0.1\"}, {name=\"b\",address=\"10.0.0.2\"}]\n";
  EXPECT_EQ(removed(line + kPlain, "a"), "host = [{name=\"b\",address=\"10.0.0.2\"}]\n" + kPlain);
  EXPECT_EQ(removed(line + kPlain, "b"), "host = [{name=\"a\",address=\"10.0.0.1\"}]\n" + kPlain);
}

TEST(RemoveHost, TheLastOneAndAnUnknownOneAreRefused) {
  EXPECT_THAT(fault(ErrorKind::kInventory, [] { removed(kPlain + kA, "a"); }),
              HasSubstr("OVL-E010"));
  EXPECT_THAT(fault(ErrorKind::kUsage, [] { removed(kPlain + kA + kB, "c"); }),
              HasSubstr("no host \"c\""));
}

TEST(RemoveHost, ARouterThatOthersNeedStays) {
  const std::string text =
      kPlain +
      "[[segment]]\nname = \"far\"\nsubnet = \"10.0.1.0/24\"\n"
      "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nbip = \"10.100.0.1/24\"\n"
      "[[host]]\nname = \"b\"\naddress = \"10.0.1.1\"\nbip = \"10.100.1.1/24\"\n"
      "[[host]]\nname = \"r\"\naddress = [\"10.0.0.9\", \"10.0.1.9\"]\nrouter = "
      "true\n";
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { removed(text, "r"); }), HasSubstr("OVL-E070"));
}

TEST(AddAndRemove, GiveTheSameFileBack) {
  std::string text = kPlain + kTwo;
  text.erase(text.find("# the end"));
  EXPECT_EQ(removed(added(text, new_host("c", "10.0.0.3")), "c"), text);
}

}  // namespace
}  // namespace overland::inventory
