// Which hosts are meant.

#include "fleet/targets.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace overland::fleet {
namespace {

using testing::ElementsAre;

const char* const kHosts = R"(
version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "web1"
address = "10.0.0.1"
[[host]]
name = "web2"
address = "10.0.0.2"
[[host]]
name = "db1"
address = "10.0.0.3"
)";

class Targets : public testing::Test {
 protected:
  std::vector<std::string> names(const Choice& choice) const {
    std::vector<std::string> result;
    for (const auto& one : choose(*loaded.inventory, choice)) result.push_back(one.name);
    return result;
  }
  std::string refusal(const Choice& choice) const {
    try {
      names(choice);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      return error.what();
    }
    return "none";
  }
  inventory::Loaded loaded = inventory::parse(kHosts);
};

TEST_F(Targets, AreAllHostsByTheirAddresses) {
  const auto all = choose(*loaded.inventory, {});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].destination, "10.0.0.1");
  EXPECT_EQ(choose(*loaded.inventory, {.user = "admin"})[2].destination, "admin@10.0.0.3");
  EXPECT_EQ(choose(*loaded.inventory, {.by_name = true})[2].destination, "db1");
}

TEST_F(Targets, AreThoseNamedInTheInventorysOrder) {
  EXPECT_THAT(names({.hosts = {"db1", "WEB1"}}), ElementsAre("web1", "db1"));
  EXPECT_EQ(refusal({.hosts = {"web3"}}), "the inventory has no host \"web3\"; did you mean web1?");
}

TEST_F(Targets, AreLimitedByNumberAndPattern) {
  EXPECT_THAT(names({.limits = {"2"}}), ElementsAre("web1", "web2"));
  EXPECT_THAT(names({.limits = {"9"}}), ElementsAre("web1", "web2", "db1"));
  EXPECT_THAT(names({.limits = {"web*"}}), ElementsAre("web1", "web2"));
  EXPECT_THAT(names({.limits = {"!WEB*"}}), ElementsAre("db1"));
  EXPECT_THAT(names({.limits = {"!db*", "1"}}), ElementsAre("web1"));
  EXPECT_EQ(refusal({.limits = {"x*"}}), "no host of the inventory is left by --limit");
  EXPECT_EQ(refusal({.limits = {"0"}}), "--limit takes a number from 1, or a pattern");
  EXPECT_EQ(refusal({.limits = {"99999999999999999999999"}}),
            "--limit takes a number from 1, or a pattern");
}

TEST_F(Targets, AUserThatIsAnOptionIsNone) {
  EXPECT_NE(refusal({.user = "-oProxyCommand=reboot"}), "none");
  EXPECT_NE(refusal({.user = "a b"}), "none");
}

}  // namespace
}  // namespace overland::fleet
