#include "edit_scene.h"

namespace overland::inventory {
namespace {

using base::ErrorKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::assigned;
using tests::fault;
using tests::kHead;

TEST(AssignBips, AutoBecomesTheNextSubnetAndNothingElseChanges) {
  const std::string before = kHead + R"(
# The first one.
[[host]]
name    = "a"
address = "10.0.0.1"   # rack 1
bip     = "10.100.4.1/24"
[[host]]
  "bip" =   'auto' # not yet
  name = "b"
  address = [ "10.0.0.2",
              "10.0.0.3" ]
)";
  std::string wanted = before;
  wanted.replace(wanted.find("'auto'"), 6, "'10.100.5.1/24'");
  wanted.replace(wanted.find("= 7"), 3, "= 8");
  const Edit edit = assign({before}, {});
  EXPECT_EQ(edit.after.text, wanted);
  EXPECT_EQ(edit.generation, 8);
  ASSERT_EQ(edit.given.size(), 1U);
  EXPECT_EQ(edit.given[0].host, "b");
  EXPECT_EQ(edit.given[0].bip.to_string(), "10.100.5.1/24");
}

TEST(AssignBips, OnceMoreChangesNothing) {
  const std::string once =
      assigned(kHead + "[[host]]\nname=\"a\"\naddress=\"10.0.0.1\"\nbip=\"auto\"\n");
  EXPECT_THAT(once, HasSubstr("bip=\"10.100.0.1/24\""));
  const Edit again = assign({once}, {});
  EXPECT_EQ(again.after.text, once);
  EXPECT_FALSE(again.generation);
}

struct Line {
  const char* host;
  const char* wanted;
};

class InsertedBip : public ::testing::TestWithParam<Line> {};

TEST_P(InsertedBip, StandsBelowTheAddressAsItsAuthorWouldPutIt) {
  const std::string head = tests::head_without_generation();
  EXPECT_EQ(assigned(head + GetParam().host, {.hosts = {"a"}}), head + GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, InsertedBip,
    ::testing::Values(
        Line{"[[host]]\nname    = \"a\"\naddress = \"10.0.0.1\"\n",
             "[[host]]\nname    = \"a\"\naddress = \"10.0.0.1\"\nbip     = \"10.100.0.1/24\"\n"},
        Line{"[[host]]\nname = \"a\"\naddress = \"10.0.0.1\" # c\n# d\n",
             "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\" # c\nbip = \"10.100.0.1/24\"\n# d\n"},
        Line{"[[host]]\r\n\tname=\"a\"\r\n\taddress=\"10.0.0.1\"\r\n",
             "[[host]]\r\n\tname=\"a\"\r\n\taddress=\"10.0.0.1\"\r\n\tbip=\"10.100.0.1/24\"\r\n"},
        Line{"[[host]]\naddress = \"10.0.0.1\"\nname = \"a\"",
             "[[host]]\naddress = \"10.0.0.1\"\nbip = \"10.100.0.1/24\"\nname = \"a\""},
        Line{"[[host]]\nname = \"a\"\naddress = [ # two\n  \"10.0.0.1\",\n]",
             "[[host]]\nname = \"a\"\naddress = [ # two\n  \"10.0.0.1\",\n]\nbip = "
             "\"10.100.0.1/24\""},
        Line{"[[ \"host\" ]]\nname = \"a\"\n'address' = \"10.0.0.1\"\ndocker.bridge = \"br0\"\n"
             "[host.firewall]\nmark = 4\n",
             "[[ \"host\" ]]\nname = \"a\"\n'address' = \"10.0.0.1\"\nbip = \"10.100.0.1/24\"\n"
             "docker.bridge = \"br0\"\n[host.firewall]\nmark = 4\n"}));

TEST(AssignBips, AnInlineTableGetsItsKeyInPlace) {
  const std::string inline_host =
      "host = [ {name = \"a\", address = \"10.0.0.1\", router = false}, # é\n"
      "  {bip=\"auto\",address=\"10.0.0.2\",name=\"b\"},\n]\n";
  const std::string head = tests::head_without_generation();
  const std::string before = inline_host + head;
  EXPECT_EQ(assigned(before, {.all = true}),
            "host = [ {name = \"a\", address = \"10.0.0.1\", bip = \"10.100.0.1/24\", router = "
            "false}, # é\n  {bip=\"10.100.1.1/24\",address=\"10.0.0.2\",name=\"b\"},\n]\n" +
                head);
}

TEST(AssignBips, AllLeavesRoutersOutUnlessTheySayAuto) {
  const std::string before = kHead +
                             "[[host]]\nname = \"r\"\naddress = \"10.0.0.1\"\nrouter = true\n"
                             "[[host]]\nname = \"s\"\naddress = \"10.0.0.2\"\nrouter = true\nbip = "
                             "\"auto\"\n[[host]]\nname = \"t\"\naddress = \"10.0.0.3\"\n";
  const Edit edit = assign({before}, {.all = true});
  ASSERT_EQ(edit.given.size(), 2U);
  EXPECT_EQ(edit.given[0].host, "s");
  EXPECT_EQ(edit.given[1].host, "t");
}

TEST(AssignBips, ANamedHostThatHasOneKeepsIt) {
  const std::string before =
      kHead + "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nbip = \"10.100.9.1/24\"\n";
  const Edit edit = assign({before}, {.hosts = {"A"}});
  EXPECT_EQ(edit.after.text, before);
  ASSERT_EQ(edit.had.size(), 1U);
  EXPECT_EQ(edit.had[0].bip.to_string(), "10.100.9.1/24");
}

TEST(AssignBips, AnUnknownNameIsRefusedWithTheNearest) {
  EXPECT_THAT(fault(ErrorKind::kUsage,
                    [] {
                      assigned(kHead + "[[host]]\nname = \"docker-1\"\naddress = \"10.0.0.1\"\n",
                               {.hosts = {"docker1"}});
                    }),
              AllOf(HasSubstr("no host \"docker1\""), HasSubstr("did you mean docker-1?")));
}

TEST(AssignBips, BeforeEndAndUpToTheLastByte) {
  const std::string before = "end = true\r\n" + tests::head_without_generation() +
                             "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nbip = \"auto\"\n"
                             "[end] # nothing after it";
  std::string wanted = before;
  wanted.replace(wanted.find("auto"), 4, "10.100.0.1/24");
  EXPECT_EQ(assigned(before), wanted);
}

TEST(AssignBips, AByteOrderMarkAndEscapesAreNoHindrance) {
  const std::string before = "\xef\xbb\xbfgeneration = 0x1F\n" + tests::head_without_generation() +
                             "[[host]]\nname = \"a\" # ünï\naddress = \"10.0.0.1\"\n"
                             "bip = \"\\u0061uto\" # é\n";
  std::string wanted = before;
  wanted.replace(wanted.find("0x1F"), 4, "32");
  wanted.replace(wanted.find("\"\\u0061uto\""), 11, "\"10.100.0.1/24\"");
  EXPECT_EQ(assigned(before), wanted);
}

TEST(AssignBips, LengthIsTheOptionsThenTheFilesThen24) {
  const std::string host = "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nbip = \"auto\"\n";
  std::string with_length = kHead;
  with_length.insert(with_length.find("pool"), "bip_length = 26\n");
  EXPECT_THAT(assigned(kHead + host), HasSubstr("10.100.0.1/24"));
  EXPECT_THAT(assigned(with_length + host), HasSubstr("10.100.0.1/26"));
  EXPECT_THAT(assigned(with_length + host, {.length = 28}), HasSubstr("10.100.0.1/28"));
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { assigned(kHead + host, {.length = 15}); }),
              HasSubstr("does not fit in the pool 10.100.0.0/16"));
}

TEST(AssignBips, AFullPoolIsRefusedAsAWhole) {
  std::string text = kHead;
  text.replace(text.find("10.100.0.0/16"), 13, "10.100.0.0/23");
  for (int i = 1; i <= 3; ++i) {
    const std::string number = std::to_string(i);
    text += "[[host]]\nname = \"h" + number + "\"\naddress = \"10.0.0." + number +
            "\"\nbip = \"auto\"\n";
  }
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { assigned(text); }),
              AllOf(HasSubstr("10.100.0.0/23 is full"), HasSubstr("2 of the 3")));
}

TEST(AssignBips, TheLargestGenerationCannotBeRaised) {
  std::string text = kHead + "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nbip = \"auto\"\n";
  text.replace(text.find("= 7"), 3, "= 9223372036854775807");
  EXPECT_THAT(fault(ErrorKind::kInventory, [&] { assigned(text); }), HasSubstr("generation"));
}

TEST(AssignBips, TenThousandHostsAreGivenOneEach) {
  std::string text =
      "version = 1\n[cluster]\npool = \"10.0.0.0/8\"\n[[segment]]\nname = \"lan\"\nsubnet = "
      "\"172.16.0.0/12\"\n";
  for (int i = 0; i < 10000; ++i) {
    text += "[[host]]\nname = \"host-" + std::to_string(i) + "\"\naddress = \"172.16." +
            std::to_string(i / 250 + 1) + "." + std::to_string(i % 250 + 1) +
            "\"\nbip = \"auto\"\n";
  }
  const Edit edit = assign({text}, {});
  ASSERT_EQ(edit.given.size(), 10000U);
  EXPECT_EQ(edit.given.back().bip.to_string(), "10.39.15.1/24");
}

}  // namespace
}  // namespace overland::inventory
