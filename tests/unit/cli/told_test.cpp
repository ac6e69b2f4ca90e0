#include "cli/told.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/chosen.h"

namespace overland::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const model::Finding kDrops = {model::Severity::kConflict, "firewall", "a rule drops", "move it"};
const model::Finding kHeld = {model::Severity::kConflict, "route 10.0.0.0/24", "is held", ""};

TEST(News, AreSaidOnceUntilTheyChangeOrGo) {
  std::vector<std::string> told;
  EXPECT_THAT(news({kDrops}, told), ElementsAre(kDrops));
  EXPECT_THAT(news({kDrops}, told), IsEmpty());
  EXPECT_THAT(news({kHeld, kDrops}, told), ElementsAre(kHeld)) << "the other one is known";
  auto changed = kDrops;
  changed.message = "another rule drops";
  EXPECT_THAT(news({kHeld, changed}, told), ElementsAre(changed));
  EXPECT_THAT(news({}, told), IsEmpty());
  EXPECT_THAT(news({kHeld}, told), ElementsAre(kHeld)) << "it had gone";
}

TEST(News, RemembersSoManyThatTheFileIsStillRead) {
  std::vector<model::Finding> many;
  for (int i = 0; i < 3000; ++i) many.push_back({kDrops.severity, std::to_string(i), "", ""});
  std::vector<std::string> told;
  EXPECT_EQ(news(many, told).size(), 3000U);
  EXPECT_EQ(told.size(), 1000U);
  EXPECT_EQ(news(many, told).size(), 2000U) << "what there was no room for";
}

constexpr const char* kWarned = R"(version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "alone"
address = "10.0.0.1"
bip = "192.168.1.1/24"
)";

TEST(InventoryWarnings, AreLeftToBeToldOnceInTheJournalAlone) {
  EXPECT_THAT(parse_inventory(kWarned, "i.toml").warnings, IsEmpty()) << "said at once";
  struct stat status = {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  const auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
  const auto warnings = parse_inventory(kWarned, "i.toml").warnings;
  ::unsetenv("JOURNAL_STREAM");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0].message, testing::HasSubstr("OVL-W101"));
  std::vector<std::string> told;
  EXPECT_EQ(news(warnings, told).size(), 1U);
  EXPECT_THAT(news(warnings, told), IsEmpty());
}

}  // namespace
}  // namespace overland::cli
