#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/inventory.h"
#include "tests_parse.h"

namespace overland::inventory {
namespace {

using tests::parsed;

constexpr const char* kTwoHosts = R"(version = 1
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
[[host]]
name = "a"
address = "10.0.0.1"
bip = "192.168.1.1/24"
[[host]]
name = "b"
address = ["10.0.0.2"]
bip = "192.168.2.1/24"
)";

TEST(ParseInventory, SmallestFileHasTheDocumentedDefaults) {
  const Inventory inventory = parsed(kTwoHosts);
  EXPECT_EQ(inventory.cluster.name, "");
  EXPECT_FALSE(inventory.cluster.pool);
  EXPECT_FALSE(inventory.cluster.ecmp);
  ASSERT_EQ(inventory.segments.size(), 1U);
  EXPECT_FALSE(inventory.segments[0].vlan);
  EXPECT_EQ(inventory.segments[0].trust, Trust::kHosts);
  EXPECT_FALSE(inventory.segments[0].trust_said);
  EXPECT_EQ(inventory.segments[0].position, (Position{2, 1}));
  ASSERT_EQ(inventory.hosts.size(), 2U);
  const Host& host = inventory.hosts[0];
  EXPECT_EQ(host.position, (Position{5, 1}));
  EXPECT_FALSE(host.router);
  EXPECT_EQ(host.docker.daemon_json, model::DaemonJsonMode::kMerge);
  EXPECT_EQ(host.docker.bridge, "docker0");
  EXPECT_EQ(host.firewall.mark, 0x200000U);
  EXPECT_TRUE(host.firewall.conntrack);
  EXPECT_EQ(host.rp_filter, RpFilter::kKeep);
  EXPECT_EQ(host.bip->to_string(), "192.168.1.1/24");
  ASSERT_EQ(inventory.hosts[1].addresses.size(), 1U);
  EXPECT_EQ(inventory.hosts[1].addresses[0].address.to_string(), "10.0.0.2");
  EXPECT_EQ(inventory.hosts[1].addresses[0].segment, 0U);
}

TEST(ParseInventory, DefaultsApplyToAllHostsWhereverTheyStand) {
  const Inventory inventory = parsed(std::string(kTwoHosts) + R"(
[docker]
daemon_json = "verify"
bridge = "br0"
program = "/opt/docker/dockerd"
[firewall]
mark = 0x80000000
conntrack = false
[cluster]
name = "lab-1"
pool = "192.168.0.0/16"
ecmp = true
)");
  EXPECT_EQ(inventory.cluster.name, "lab-1");
  EXPECT_EQ(inventory.cluster.pool->to_string(), "192.168.0.0/16");
  EXPECT_TRUE(inventory.cluster.ecmp);
  for (const Host& host : inventory.hosts) {
    EXPECT_EQ(host.docker.daemon_json, model::DaemonJsonMode::kVerify);
    EXPECT_EQ(host.docker.bridge, "br0");
    EXPECT_EQ(*host.docker.program, "/opt/docker/dockerd");
    EXPECT_EQ(host.firewall.mark, 0x80000000U);
    EXPECT_FALSE(host.firewall.conntrack);
  }
}

class Override : public ::testing::TestWithParam<const char*> {};

TEST_P(Override, ChangesOneKeyOfOneHost) {
  const Inventory inventory =
      parsed("docker = { daemon_json = \"verify\" }\n" + std::string(kTwoHosts) + GetParam());
  EXPECT_EQ(inventory.hosts[0].docker.daemon_json, model::DaemonJsonMode::kVerify);
  EXPECT_EQ(inventory.hosts[0].docker.bridge, "docker0");
  EXPECT_EQ(inventory.hosts[1].docker.daemon_json, model::DaemonJsonMode::kOff);
  EXPECT_EQ(inventory.hosts[1].docker.bridge, "br7");
  EXPECT_EQ(inventory.hosts[1].firewall.mark, 1U);
  EXPECT_FALSE(inventory.hosts[1].firewall.conntrack);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Override,
    ::testing::Values("daemon_json = \"off\"\nbridge = \"br7\"\nmark = 1\nconntrack = false\n",
                      "docker = { daemon_json = \"off\", bridge = \"br7\" }\n"
                      "firewall = { mark = 1, conntrack = false }\n",
                      "docker.daemon_json = \"off\"\ndocker.bridge = \"br7\"\n"
                      "firewall.mark = 1\nfirewall.conntrack = false\n",
                      "[host.docker]\ndaemon_json = \"off\"\nbridge = \"br7\"\n"
                      "[host.firewall]\nmark = 1\nconntrack = false\n",
                      "bridge = \"br7\"\nfirewall.mark = 1\nconntrack = false\n[host.docker]\n"
                      "daemon_json = \"off\"\n"));

TEST(ParseInventory, AHostMayNameAnotherDockerd) {
  for (const char* form : {"program = \"/b/dockerd\"\n", "docker.program = \"/b/dockerd\"\n"}) {
    const Inventory inventory =
        parsed("docker = { program = \"/a/dockerd\" }\n" + std::string(kTwoHosts) + form);
    EXPECT_EQ(*inventory.hosts[0].docker.program, "/a/dockerd");
    EXPECT_EQ(*inventory.hosts[1].docker.program, "/b/dockerd");
  }
  EXPECT_FALSE(parsed(kTwoHosts).hosts[0].docker.program);
}

TEST(ParseInventory, ReadsAddressPoolsAndTheirOverrides) {
  const auto pools = [](const Host& host) {
    std::string text;
    if (!host.docker.address_pools) return text;
    for (const AddressPool& pool : *host.docker.address_pools) {
      text += pool.base.to_string() + " " + std::to_string(pool.size) + ";";
    }
    return text;
  };
  const std::string common = R"(version = 1
[docker]
address_pools = ["10.210.0.0/16", { base = "10.211.0.0/20", size = 26 }]
[[segment]]
name = "lan"
subnet = "10.0.0.0/24"
)";
  const Inventory inventory = parsed(common + R"([[host]]
name = "a"
address = "10.0.0.1"
bip = "192.168.1.1/24"
[[host.docker.address_pools]]
base = "10.212.0.0/16"
[[host]]
name = "b"
address = "10.0.0.2"
bip = "192.168.2.1/24"
address_pools = ["10.213.0.0/16"]
[[host]]
name = "c"
address = "10.0.0.3"
bip = "192.168.3.1/24"
)");
  EXPECT_EQ(pools(inventory.hosts[0]), "10.212.0.0/16 24;");
  EXPECT_EQ(pools(inventory.hosts[1]), "10.213.0.0/16 24;");
  EXPECT_EQ(pools(inventory.hosts[2]), "10.210.0.0/16 24;10.211.0.0/20 26;");
  EXPECT_EQ(pools(parsed(kTwoHosts).hosts[0]), "");
}

TEST(ParseInventory, ASegmentIsTrustedAsAWholeWhereTheFileSaysSo) {
  std::string text = kTwoHosts;
  text.insert(text.find("[[host]]"), "trust = \"subnet\"\n");
  const Inventory inventory = parsed(text);
  EXPECT_EQ(inventory.segments[0].trust, Trust::kSubnet);
  EXPECT_TRUE(inventory.segments[0].trust_said);
}

TEST(ParseInventory, ReadsTheFallback) {
  const auto fallback = [](const std::string& cluster) {
    return parsed(kTwoHosts + ("[cluster]\n" + cluster + "\n")).cluster.fallback;
  };
  EXPECT_EQ(fallback(""), Fallback::kUnreachable);
  EXPECT_EQ(fallback("fallback = \"unreachable\""), Fallback::kUnreachable);
  EXPECT_EQ(fallback("fallback = \"pool\"\npool = \"192.168.0.0/16\""), Fallback::kPool);
  EXPECT_EQ(fallback("fallback = \"none\""), Fallback::kNone);
}

TEST(ParseInventory, ReadsEveryKeyOfARouter) {
  const Inventory inventory = parsed(std::string(kTwoHosts) + R"(
[[segment]]
name = "uplink"
subnet = "203.0.113.0/31"
vlan = 4094
trust = "hosts"
[[host]]
name = "R1.Example.com"
router = true
address = ["10.0.0.254", "203.0.113.0"]
parent = "eth0"
masquerade = ["uplink"]
rp_filter = "loose"
bip = "192.168.3.1/24"
previous_bip = "192.168.3.1/25"
)");
  EXPECT_EQ(inventory.segments[1].vlan, 4094);
  EXPECT_EQ(inventory.segments[1].trust, Trust::kHosts);
  EXPECT_TRUE(inventory.segments[1].trust_said);
  const Host& router = inventory.hosts[2];
  EXPECT_EQ(router.name, "R1.Example.com");
  EXPECT_TRUE(router.router);
  EXPECT_EQ(router.parent, "eth0");
  EXPECT_EQ(router.masquerade, (std::vector<std::size_t>{1}));
  EXPECT_EQ(router.rp_filter, RpFilter::kLoose);
  EXPECT_EQ(router.address_in(1)->to_string(), "203.0.113.0");
  EXPECT_EQ(router.address_in(7), nullptr);
  ASSERT_EQ(router.bridge_subnets().size(), 2U);
  EXPECT_EQ(router.bridge_subnets()[1].to_string(), "192.168.3.0/25");
}

TEST(ParseInventory, BipMayMoveWithinItsSubnet) {
  const Inventory inventory =
      parsed(std::string(kTwoHosts) + "previous_bip = \"192.168.2.254/24\"\n");
  EXPECT_EQ(inventory.hosts[1].bridge_subnets().size(), 1U);
}

TEST(ParseInventory, RefusesTreesThatWouldOverflowTheStack) {
  for (const std::string& text : {std::string(1000000, '['), "a = " + std::string(1000000, '['),
                                  "x = " +
                                      [] {
                                        std::string s;
                                        for (int i = 0; i < 200000; ++i) s += "{a=";
                                        return s;
                                      }(),
                                  "a" +
                                      [] {
                                        std::string s;
                                        for (int i = 0; i < 500000; ++i) s += ".a";
                                        return s;
                                      }() +
                                      " = 1"}) {
    const Loaded loaded = parse(text);
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(loaded.diagnostics[0].code, "OVL-E007");
  }
}

TEST(ParseInventory, DotsAndBracketsInStringsAndCommentsAreNoNesting) {
  const std::string dots(300, '.');
  const std::string brackets(300, '[');
  parsed(std::string("# ") + dots + brackets + " \" ' \n" + kTwoHosts);
  for (const std::string& value :
       {"\"" + dots + brackets + "\\\"" + brackets + "\"", "'" + brackets + "\"" + dots + "'",
        "\"\"\"\n\"" + brackets + "\n\\\"\"\"" + dots + "\"\"\"\"\"",
        "'''\n''" + brackets + dots + "'''''"}) {
    const Loaded loaded = parse(std::string("x = ") + value + "\n" + kTwoHosts);
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << value;
    EXPECT_EQ(loaded.diagnostics[0].code, "OVL-E003") << value << loaded.diagnostics[0].message;
  }
}

TEST(ParseInventory, TellsAnUnclosedStringWhateverEndsTheLine) {
  for (const std::string end : {"\n", "\r\n"}) {
    const Loaded loaded = parse("version = 1" + end + "[cluster]" + end + "name = \"a" + end);
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(loaded.diagnostics[0].remedy, "close the quote on the same line");
    EXPECT_EQ(loaded.diagnostics[0].position.line, 3U);
  }
}

TEST(ParseInventory, ShowsAThousandFaultsAndCountsTheRest) {
  std::string text = "version = 1\n[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/8\"\n";
  for (int i = 0; i < 1500; ++i) text += "[[host]]\naddress = \"10.0.0.300\"\n";
  const Loaded loaded = parse(text);
  EXPECT_FALSE(loaded.inventory);
  ASSERT_EQ(loaded.diagnostics.size(), 1001U);
  EXPECT_EQ(loaded.diagnostics.back().code, "OVL-E011");
  EXPECT_THAT(loaded.diagnostics.back().message, ::testing::HasSubstr("2000 more"));
  EXPECT_THAT(render(loaded.diagnostics, "f"),
              ::testing::EndsWith("(mend the ones above first)\n"));
}

TEST(ParseInventory, SurvivesEveryTruncationAndFlippedByte) {
  const std::string text =
      std::string(kTwoHosts) + "docker = { bridge = \"br0\" }\nmasquerade = ['lan']\nmark = 0x1\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    parse(text.substr(0, i));
    for (const char byte : {'\0', '\xff', '"', '[', '\n', '.', '='}) {
      std::string changed = text;
      changed[i] = byte;
      const Loaded loaded = parse(changed);
      EXPECT_TRUE(loaded.inventory || !loaded.diagnostics.empty());
    }
  }
}

TEST(RenderDiagnostics, OneLineEachInOrderOfPositionThoseWithoutAPlaceLast) {
  EXPECT_EQ(render({{"OVL-E010", Severity::kError, {}, "there is no host", "add one"},
                    {"OVL-W104", Severity::kWarning, {12, 11}, "no effect", ""},
                    {"OVL-E003", Severity::kError, {2, 1}, "unknown key", "did you mean x?"}},
                   "inv.toml"),
            "inv.toml:2:1: error: OVL-E003: unknown key (did you mean x?)\n"
            "inv.toml:12:11: warning: OVL-W104: no effect\n"
            "inv.toml: error: OVL-E010: there is no host (add one)\n");
}

}  // namespace
}  // namespace overland::inventory
