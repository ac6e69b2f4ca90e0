#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "inventory/inventory.h"
#include "tests_parse.h"

namespace overland::inventory {
namespace {

using ::testing::HasSubstr;

class FindHost : public ::testing::Test {
 protected:
  Inventory inventory_ = tests::parsed(R"(version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "docker-200"
address = "10.0.0.200"
[[host]]
name = "Docker-201.lab.example"
address = "10.0.0.201"
[[host]]
name = "web.a.example"
address = "10.0.0.202"
[[host]]
name = "web.b.example"
address = ["10.0.0.203", "10.0.0.204"]
)");

  std::string found(const std::optional<std::string>& name, const std::string& hostname,
                    const std::vector<std::string>& addresses = {}) {
    std::vector<model::Address> parsed;
    for (const std::string& text : addresses) parsed.push_back(*model::Address::parse(text));
    return find_host(inventory_, name, hostname, [&] { return parsed; }).name;
  }

  std::string fault(const std::optional<std::string>& name, const std::string& hostname,
                    const std::vector<std::string>& addresses = {}) {
    try {
      return "found " + found(name, hostname, addresses);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInventory);
      return error.what();
    }
  }
};

TEST_F(FindHost, ByFullNameWhateverTheCase) {
  EXPECT_EQ(found({}, "docker-200"), "docker-200");
  EXPECT_EQ(found({}, "DOCKER-201.LAB.example"), "Docker-201.lab.example");
  EXPECT_EQ(found({}, "web.b.example."), "web.b.example");
}

TEST_F(FindHost, ByFirstLabelWhereOneIsShort) {
  EXPECT_EQ(found({}, "docker-200.lab.example"), "docker-200");
  EXPECT_EQ(found({}, "docker-201"), "Docker-201.lab.example");
}

TEST_F(FindHost, TwoFullNamesThatDifferAreNotTheSame) {
  EXPECT_THAT(fault({}, "docker-201.other.example"), HasSubstr("not in the inventory"));
  EXPECT_THAT(fault({}, "docker-201.other.example"), HasSubstr("overland purge"));
}

TEST_F(FindHost, ShortNameOfTwoHostsNamesBoth) {
  EXPECT_THAT(fault({}, "web"), HasSubstr("web.a.example and web.b.example"));
  EXPECT_THAT(fault("web", "x"), HasSubstr("web.a.example and web.b.example"));
}

TEST_F(FindHost, ByAddressWhereNoNameMatches) {
  EXPECT_EQ(found({}, "debian", {"127.0.0.1", "fe80::1", "10.0.0.204", "10.0.0.203"}),
            "web.b.example");
  EXPECT_EQ(found({}, "", {"10.0.0.200"}), "docker-200");
}

TEST_F(FindHost, NameComesBeforeAddress) {
  EXPECT_EQ(found({}, "docker-200", {"10.0.0.201"}), "docker-200");
}

TEST_F(FindHost, AddressesOfTwoHostsNameBoth) {
  EXPECT_THAT(fault({}, "debian", {"10.0.0.201", "10.0.0.200"}),
              HasSubstr("docker-200 and Docker-201.lab.example"));
}

TEST_F(FindHost, TheOptionDecidesAlone) {
  EXPECT_EQ(found("docker-201", "docker-200", {"10.0.0.200"}), "Docker-201.lab.example");
  EXPECT_THAT(fault("docker-20", "docker-200"), HasSubstr("did you mean docker-200?"));
  EXPECT_THAT(fault("zebra", "docker-200"), HasSubstr("4 hosts"));
  EXPECT_THAT(fault("a\x1b[31m", "docker-200"), HasSubstr("a\\x1b[31m"));
}

TEST_F(FindHost, StrangersAreToldWhatToDo) {
  EXPECT_THAT(fault({}, "stranger", {"10.9.9.9"}),
              ::testing::AllOf(HasSubstr("\"stranger\""), HasSubstr("--host NAME")));
}

}  // namespace
}  // namespace overland::inventory
