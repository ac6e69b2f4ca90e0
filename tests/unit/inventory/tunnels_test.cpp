// [tunnel] as it is read, and which pairs of hosts it joins.

#include "inventory/tunnels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/topology.h"
#include "unit/desired/random_inventory.h"
#include "unit/inventory/tests_parse.h"

namespace overland::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string host(const std::string& name, const std::string& addresses, int number,
                 const std::string& rest = "") {
  return "[[host]]\nname = \"" + name + "\"\naddress = " + addresses + "\n" +
         (number == 0 ? "" : "bip = \"192.168." + std::to_string(number) + ".1/24\"\n") + rest +
         "\n";
}

/// a and b in north, c and d in south; router r joins north with east, where e is.
std::string sites(const std::string& tunnel) {
  std::string text = "version = 1\n[tunnel]\ntype = \"vxlan\"\n" + tunnel + "\n";
  int number = 0;
  for (const char* name : {"north", "south", "east"}) {
    text += "[[segment]]\nname = \"" + std::string(name) + "\"\nsubnet = \"10." +
            std::to_string(++number) + ".0.0/24\"\n";
  }
  return text + host("a", "\"10.1.0.1\"", 1) + host("b", "\"10.1.0.2\"", 2) +
         host("c", "[\"10.2.0.1\"]", 3) + host("d", "\"10.2.0.2\"", 4) +
         host("e", "\"10.3.0.1\"", 5) +
         host("r", "[\"10.1.0.9\", \"10.3.0.9\"]", 0, "router = true\n");
}

/// "ac ad", of hosts named by one letter.
std::string joined(const Inventory& inventory) {
  const Tunnels tunnels(inventory);
  std::string text;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    for (std::size_t j = i + 1; j < inventory.hosts.size(); ++j) {
      EXPECT_EQ(tunnels.between(i, j), tunnels.between(j, i));
      if (!tunnels.between(i, j)) continue;
      text += (text.empty() ? "" : " ") + inventory.hosts[i].name + inventory.hosts[j].name;
    }
  }
  return text;
}

TEST(Tunnel, DefaultsAndValues) {
  const auto plain = *tests::parsed(sites("")).tunnel;
  EXPECT_EQ(plain.vni, 111U);
  EXPECT_EQ(plain.port, 4789);
  EXPECT_FALSE(plain.mtu);
  EXPECT_FALSE(plain.always);
  const auto given =
      *tests::parsed(sites("vni = 16777215\nport = 1\nmtu = 576\nalways = true")).tunnel;
  EXPECT_EQ(given.vni, 16777215U);
  EXPECT_EQ(given.port, 1);
  EXPECT_EQ(given.mtu, 576);
  EXPECT_TRUE(given.always);
}

TEST(Tunnel, EndsAtTheFirstAddressUnlessSaid) {
  const std::string two = "[\"10.1.0.3\", \"10.2.0.3\"]";
  auto inventory = tests::parsed(sites("") + host("f", two, 6));
  EXPECT_EQ(inventory.hosts.back().tunnel_address().to_string(), "10.1.0.3");
  inventory = tests::parsed(sites("") + host("f", two, 6, "tunnel_address = \"10.2.0.3\"\n"));
  EXPECT_EQ(inventory.hosts.back().tunnel_address().to_string(), "10.2.0.3");
}

TEST(Tunnel, BelongsIntoTheMainFile) {
  const auto loaded = parse(Sources{sites(""), {{"more.toml", "[tunnel]\ntype = \"vxlan\"\n"}}});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, "OVL-E120");
  EXPECT_EQ(loaded.diagnostics[0].fragment, "more.toml");
}

TEST(Tunnel, WithoutItHostsApartAreAFault) {
  auto text = sites("");
  text.replace(text.find("[tunnel]"), std::string("[tunnel]\ntype = \"vxlan\"").size(), "");
  const auto loaded = parse(text);
  ASSERT_FALSE(loaded.diagnostics.empty());
  EXPECT_EQ(loaded.diagnostics[0].code, "OVL-E070");
  EXPECT_THAT(loaded.diagnostics[0].remedy, HasSubstr("[tunnel]"));
}

TEST(Tunnels, JoinWhatNeitherSegmentNorRouterConnects) {
  EXPECT_EQ(joined(tests::parsed(sites(""))), "ac ad bc bd ce de");
}

TEST(Tunnels, AlwaysLeavesOutRoutersOnly) {
  EXPECT_EQ(joined(tests::parsed(sites("always = true"))), "ac ad ae bc bd be ce de");
}

TEST(Tunnels, ARouterWithABipHasThemToo) {
  const auto inventory =
      tests::parsed(sites("") + host("s", "[\"10.2.0.9\", \"10.4.0.9\"]", 7, "router = true\n") +
                    "[[segment]]\nname = \"west\"\nsubnet = \"10.4.0.0/24\"\n");
  EXPECT_EQ(joined(inventory), "ac ad as bc bd bs ce de es");
}

/// What is left of the fault-free pairs; others are OVL-E070.
std::string told(const std::string& tunnel) {
  const auto loaded = parse(sites(tunnel));
  std::string text;
  for (const auto& fault : loaded.diagnostics) text += fault.code + ": " + fault.message + "\n";
  return loaded.inventory ? joined(*loaded.inventory) : text;
}

TEST(Tunnels, OnlyAndExcludeNameHostsAndSegments) {
  EXPECT_THAT(told("exclude = \"east\""), HasSubstr("connects c, d with e"));
  EXPECT_THAT(told("exclude = \"E\""), HasSubstr("connects c, d with e"));
  EXPECT_THAT(told("only = [\"north\", \"south\"]"), HasSubstr("connects c, d with e"));
  EXPECT_EQ(told("only = [\"north\", \"south\", \"e\"]"), "ac ad bc bd ce de");
}

TEST(Tunnels, WhoIsExcludedTakesTheRouters) {
  const std::string rest = sites("").substr(sites("").find("[[segment]]"));
  for (const std::string excluded : {"c\", \"d", "south"}) {
    // c and d move to where r leads.
    auto text = "version = 1\n[tunnel]\ntype = \"vxlan\"\nalways = true\nexclude = [\"" + excluded +
                "\"]\n" + rest;
    text.replace(text.find("10.3.0.9"), 8, "10.3.0.9\", \"10.2.0.9");
    EXPECT_EQ(joined(tests::parsed(text)), "ae be");
  }
}

TEST(Tunnels, SitesAreHostsAlike) {
  const auto inventory = tests::parsed(sites(""));
  const Tunnels tunnels(inventory);
  EXPECT_THAT(tunnels.sites(), ElementsAre(ElementsAre(0, 1, 4), ElementsAre(2, 3)));
  EXPECT_EQ(tunnels.pairs(), 6U);
  EXPECT_EQ(tunnels.site_pairs(tunnels.sites(), 10).size(), 1U);
  const auto always = tests::parsed(sites("always = true"));
  EXPECT_THAT(Tunnels(always).sites(),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4)));
  EXPECT_EQ(Tunnels(always).pairs(), 8U);
}

TEST(Tunnels, HostsApartSendNothingPlain) {
  const auto inventory = tests::parsed(sites("") + host("p", "\"10.2.0.7\"", 0));
  const Tunnels tunnels(inventory);
  EXPECT_TRUE(tunnels.apart(0, 2));
  EXPECT_FALSE(tunnels.apart(0, 4));  // over r
  EXPECT_TRUE(tunnels.apart(0, 6));   // a plain host at the other site
  EXPECT_TRUE(tunnels.apart(6, 0));
  EXPECT_FALSE(tunnels.apart(5, 6));  // neither has a tunnel: who knows what lies between
  EXPECT_TRUE(tunnels.apart_from(0, 1));
  EXPECT_FALSE(tunnels.apart_from(0, 2));
  EXPECT_FALSE(tunnels.apart_from(5, 1));
}

/// What the class computes by groups, pair by pair.
TEST(TunnelsProperty, CountsWhatItSaysOfEachPair) {
  std::mt19937 random(17);  // NOLINT(cert-msc51-cpp): the same each time
  std::uint64_t all = 0;
  for (int round = 0; round < 300; ++round) {
    Inventory inventory = tests::random_inventory(random);
    inventory.tunnel.emplace().always = random() % 2 == 0;
    for (Host& one : inventory.hosts) one.tunnels = random() % 5 != 0;
    const Tunnels tunnels(inventory);
    const Topology topology(inventory);
    std::uint64_t pairs = 0;
    for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
      const auto reach = topology.reach(inventory.hosts[i]);
      for (std::size_t j = 0; j < inventory.hosts.size(); ++j) {
        const Host& peer = inventory.hosts[j];
        if (i == j) continue;
        bool shared = false;
        for (const auto& own : peer.addresses) shared = shared || reach.distance[own.segment] == 0;
        const bool plain = !topology.next_hops(reach, peer).empty();
        const bool both = tunnels.takes_part(i) && tunnels.takes_part(j);
        EXPECT_EQ(tunnels.between(i, j), both && !shared && (inventory.tunnel->always || !plain));
        EXPECT_EQ(tunnels.takes_part(j), peer.bip && peer.tunnels);
        if (i < j && tunnels.between(i, j)) ++pairs;
      }
    }
    EXPECT_EQ(tunnels.pairs(), pairs);
    all += pairs;
  }
  EXPECT_GT(all, 500U);  // not an empty test
}

TEST(Tunnels, TenThousandHostsThatAreEachASiteAreCounted) {
  Inventory inventory;
  inventory.tunnel.emplace();
  for (std::uint32_t i = 0; i < 10000; ++i) {
    inventory.segments.emplace_back().subnet =
        model::Prefix(model::Address::from_ipv4(10U << 24U | i << 8U), 24);
    Host& one = inventory.hosts.emplace_back();
    one.addresses = {{model::Address::from_ipv4(10U << 24U | i << 8U | 1U), i}};
    one.bip = {model::Address::from_ipv4(100U << 24U | i << 8U | 1U), 24};
  }
  EXPECT_EQ(Tunnels(inventory).pairs(), 49995000U);
}

}  // namespace
}  // namespace overland::inventory
