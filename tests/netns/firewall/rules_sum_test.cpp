#include "firewall/rules_sum.h"

#include <gtest/gtest.h>

#include "netns/sandbox.h"

namespace overland::firewall {
namespace {

using tests::sh;

class RulesSum : public tests::Sandbox {
 protected:
  /// Whether `command` makes another word.
  static bool sees(const std::string& command) {
    const std::string before = rules_sum(7);
    sh(command);
    return rules_sum(7) != before;
  }
};

TEST_F(RulesSum, IsTheSameWhileRulesAreOnlyRead) {
  sh("nft add table ip other; iptables-legacy -A FORWARD -s 10.8.8.8 -j DROP");
  EXPECT_FALSE(sees("nft list ruleset; iptables-nft -L -n; iptables-legacy -L -n"));
}

TEST_F(RulesSum, SeesEveryTableOfNfTables) {
  EXPECT_TRUE(sees("nft add table ip other"));
  EXPECT_TRUE(sees("nft add table bridge other; nft add chain bridge other c"));
  EXPECT_TRUE(sees("nft add set ip other s '{ type ipv4_addr; }'"));
  EXPECT_TRUE(sees("nft add element ip other s '{ 10.1.1.1 }'"));
  EXPECT_TRUE(sees("nft delete element ip other s '{ 10.1.1.1 }'"));
}

TEST_F(RulesSum, SeesEveryLegacyTable) {
  for (const std::string table : {"filter", "nat", "raw", "mangle", "security"}) {
    EXPECT_TRUE(sees("iptables-legacy -t " + table + " -A OUTPUT -s 10.8.8.8 -j RETURN")) << table;
    EXPECT_TRUE(sees("iptables-legacy -t " + table + " -N other")) << table;
  }
  EXPECT_TRUE(sees("iptables-legacy -P FORWARD DROP"));
  EXPECT_TRUE(sees("iptables-legacy -A FORWARD -m comment --comment a -j ACCEPT"));
  EXPECT_TRUE(sees("iptables-legacy -R FORWARD 1 -m comment --comment b -j ACCEPT"));
  EXPECT_TRUE(sees("iptables-legacy -R FORWARD 1 -m comment --comment b -j DROP"));
  EXPECT_TRUE(sees("iptables-legacy -D FORWARD 1"));
}

TEST_F(RulesSum, DoesNotCountPackets) {
  sh("iptables-legacy -A OUTPUT -d 127.0.0.0/8 -j ACCEPT");
  EXPECT_FALSE(sees("ping -c 3 -i 0.01 127.0.0.1"));
}

TEST_F(RulesSum, MakesNoTable) {
  const std::string tables = sh("cat /proc/self/net/ip_tables_names; nft list tables");
  rules_sum(7);
  EXPECT_EQ(sh("cat /proc/self/net/ip_tables_names; nft list tables"), tables);
}

}  // namespace
}  // namespace overland::firewall
