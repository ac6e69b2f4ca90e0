// Which documents take the place of the local inventory.

#include "source/accept.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace overland::source {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string document(const std::string& head) {
  return head + R"(
version = 1
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
bip = "10.100.1.1/24"
)";
}

Terms terms() {
  Terms result;
  result.name = "the document";
  result.hostname = "a";
  result.addresses = [] { return std::vector<model::Address>{}; };
  return result;
}

std::string fault(const std::string& bytes, const Terms& terms) {
  std::vector<inventory::Diagnostic> warnings;
  try {
    accept(bytes, terms, warnings);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInventory);
    return error.what();
  }
  return "";
}

TEST(Accept, OneThatIsWholeWithTheFragmentsThatAreHere) {
  Terms asked = terms();
  asked.folder = "/parts";
  const std::string third = "\n[[host]]\nname = \"c\"\naddress = \"10.0.0.3\"\n";
  asked.fragments = {{"c.toml", third + "bip = \"10.100.2.1/24\"\n"}};
  asked.hostname = "c";
  std::vector<inventory::Diagnostic> warnings;
  EXPECT_EQ(accept(document("generation = 1"), asked, warnings).hosts.size(), 3U);
  asked.fragments = {{"c.toml", third + "bip = \"10.100.1.1/24\"\n"}};
  EXPECT_THAT(fault(document("generation = 1"), asked),
              AllOf(HasSubstr("/parts/c.toml:5:"),
                    HasSubstr("the document, with the fragments in /parts here, has faults")));
}

TEST(Accept, OneOfTheSameGenerationOrANewer) {
  Terms asked = terms();
  asked.least_generation = 3;
  EXPECT_EQ(fault(document("generation = 3"), asked), "");
  EXPECT_EQ(fault(document("generation = 4"), asked), "");
  EXPECT_THAT(fault(document("generation = 2"), asked),
              HasSubstr("generation 2, and the one here has 3"));
  asked.lower_generation = true;
  EXPECT_EQ(fault(document("generation = 2"), asked), "");
}

TEST(Accept, OneWithoutAGenerationOnlyWhereThatIsSaid) {
  Terms asked = terms();
  EXPECT_THAT(fault(document(""), asked), HasSubstr("has no generation"));
  asked.generation_required = false;
  EXPECT_EQ(fault(document(""), asked), "");
  asked.least_generation = 0;
  EXPECT_THAT(fault(document(""), asked), HasSubstr("the one here has 0"));
}

TEST(Accept, OnlyOneThatHasThisHost) {
  Terms asked = terms();
  asked.hostname = "c";
  EXPECT_THAT(fault(document("generation = 1"), asked),
              HasSubstr("this host is not in the new one"));
  asked.addresses = [] { return std::vector{*model::Address::parse("10.0.0.2")}; };
  EXPECT_EQ(fault(document("generation = 1"), asked), "");
  asked.host = "d";
  EXPECT_THAT(fault(document("generation = 1"), asked),
              HasSubstr("this host is not in the new one"));
}

TEST(Accept, NamesEveryFaultOfTheDocument) {
  const std::string said = fault("generation = 1\nversion = 1\nx = 1\ny = 2\n", terms());
  EXPECT_THAT(said, HasSubstr("the document:3:1: error: OVL-E"));
  EXPECT_THAT(said, HasSubstr("the document:4:1: error: OVL-E"));
}

TEST(HostAround, IsTheOneWhoseContainersHaveTheAddress) {
  const auto inventory = *inventory::parse(document("")).inventory;
  EXPECT_EQ(host_around(inventory, *model::Address::parse("10.100.1.77"))->name, "b");
  EXPECT_EQ(host_around(inventory, *model::Address::parse("10.0.0.2")), nullptr);
}

}  // namespace
}  // namespace overland::source
