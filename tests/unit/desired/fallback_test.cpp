#include <gtest/gtest.h>

#include <algorithm>

#include "desired/derive.h"
#include "desired/routes.h"
#include "unit/desired/campus.h"

namespace overland {
namespace {

using namespace tests;
using Routes = std::vector<model::Route>;

inventory::Inventory four_hosts(const std::string& cluster) {
  std::string text = "version = 1\n[cluster]\n" + cluster +
                     "\n[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/24\"\n";
  for (const char* number : {"0", "1", "2", "4"}) {
    text += "[[host]]\nname = \"h" + std::string(number) + "\"\naddress = \"10.0.0.1" + number +
            "\"\nbip = \"192.168." + number + ".1/24\"\n";
  }
  return load(text + "previous_bip = \"172.20.4.1/24\"\n");
}

TEST(Fallback, IsForTheBridgeSubnetsOfAllHostsMergedAndNeverWider) {
  const auto inventory = four_hosts("pool = \"192.168.0.0/16\"");
  EXPECT_EQ(desired::fallback_routes(inventory),
            (Routes{fallback("172.20.4.0/24"), fallback("192.168.0.0/23"),
                    fallback("192.168.2.0/24"), fallback("192.168.4.0/24")}));
}

TEST(Fallback, IsForThePoolWhereTheInventorySaysSo) {
  EXPECT_EQ(desired::fallback_routes(four_hosts("pool = \"192.168.0.0/16\"\nfallback = \"pool\"")),
            (Routes{fallback("172.20.4.0/24"), fallback("192.168.0.0/16")}));
}

TEST(Fallback, IsNotWhereTheInventorySaysNone) {
  EXPECT_EQ(desired::fallback_routes(four_hosts("fallback = \"none\"")), Routes{});
}

TEST(Fallback, IsAmongTheRoutesInTheirOrder) {
  const auto inventory = four_hosts("");
  const auto state = desired::derive(inventory, inventory.hosts[0], running_docker());
  EXPECT_TRUE(std::is_sorted(state.routes.begin(), state.routes.end()));
  EXPECT_EQ(state.routes.size(), desired::routes(inventory, inventory.hosts[0]).size() + 4);
}

}  // namespace
}  // namespace overland
