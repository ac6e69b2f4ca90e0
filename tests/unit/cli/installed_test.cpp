#include "cli/installed.h"

#include <gmock/gmock.h>

namespace overland::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Kept, StaysOnlyWhereThatIsTrue) {
  EXPECT_EQ(describe(Kept{}), "Confirmed: the changes stay");
  EXPECT_EQ(describe(Kept{.installed = true}),
            "Installed as /etc/overland/inventory.toml\nConfirmed: the changes stay");
  EXPECT_THAT(describe(Kept{.differs = true}),
              AllOf(StartsWith("Confirmed, but"), HasSubstr("overland.timer"),
                    Not(HasSubstr("changes stay"))));
  EXPECT_THAT(describe(Kept{.restart_due = true}),
              AllOf(StartsWith("Confirmed, but"), HasSubstr("restart of Docker is due"),
                    Not(HasSubstr("changes stay"))));
}

}  // namespace
}  // namespace overland::cli
