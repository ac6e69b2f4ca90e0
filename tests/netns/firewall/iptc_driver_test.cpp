// The legacy driver against this kernel's tables and ipsets: what is written is what is read, and
// nothing of anybody else changes.

#include <gmock/gmock.h>

#include <cstdint>

#include "netns/firewall/iptc_scene.h"

namespace overland::firewall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::sh;

class IptcDriver : public IptcScene {};

model::FirewallPolicy router(model::FirewallPolicy policy) {
  policy.anchor = model::FirewallAnchor::kForward;
  policy.underlay_links = {"eth0", "eth1"};
  policy.transit = {prefix("10.0.0.0/24"), prefix("10.1.0.0/24"), prefix("192.168.200.0/24")};
  policy.masquerades = {{"eth1", {prefix("10.0.0.0/24")}},
                        {"wan", {prefix("10.1.0.0/24")}},
                        {"way", {prefix("10.0.0.0/24")}, false}};
  return policy;
}

TEST_F(IptcDriver, ReadsNothingAndMakesNoTable) {
  EXPECT_FALSE(legacy_driver()->read(docker_host()));
  legacy_driver()->remove();
  EXPECT_EQ(sh("cat /proc/self/net/ip_tables_names"), "");
}

TEST_F(IptcDriver, ReadsBackWhatItWrote) {
  model::FirewallPolicy untracked = router(docker_host());
  untracked.conntrack = false;
  model::FirewallPolicy large = router(docker_host());
  large.peer_subnets = scattered(200);
  large.masquerades[1].sources = scattered(65);
  for (const auto& policy :
       {docker_host(), router(docker_host()), untracked, large, docker_host()}) {
    write(policy);
    expect_in_force(policy);
  }
  EXPECT_EQ(sh("ipset list -n"), "");
}

TEST_F(IptcDriver, RulesReadAsIptablesPrintsThem) {
  write(docker_host());
  EXPECT_THAT(rules(), HasSubstr("-A OVERLAND-RAW -i docker0 -m comment --comment overland "
                                 "-j OVERLAND-OUT\n"));
  EXPECT_THAT(rules(), HasSubstr("-A OVERLAND-FORWARD -m mark --mark 0x200000/0x200000 "
                                 "-m comment --comment overland -j ACCEPT\n"));
  EXPECT_THAT(rules(), HasSubstr("-A OVERLAND-NAT -s 192.168.100.0/24 -m mark --mark "
                                 "0x200000/0x200000 -m comment --comment overland -j ACCEPT\n"));
}

TEST_F(IptcDriver, SurvivesSaveAndRestore) {
  model::FirewallPolicy policy = router(docker_host());
  policy.conntrack = false;
  policy.peer_subnets = scattered(65);
  write(policy);
  sh("iptables-legacy-save > /run/rules && iptables-legacy-restore < /run/rules");
  expect_in_force(policy);
}

TEST_F(IptcDriver, RemovesAllAndOnlyItsOwn) {
  start_docker();
  sh("iptables-legacy -A DOCKER-USER -s 10.9.9.9 -j DROP; ipset create others hash:ip");
  const std::string before = rules();
  model::FirewallPolicy policy = router(docker_host());
  policy.peer_subnets = scattered(65);
  write(policy);
  write(docker_host());
  legacy_driver()->remove();
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(sh("ipset list -n"), "others\n");
  EXPECT_FALSE(legacy_driver()->read(docker_host()));
}

TEST_F(IptcDriver, RemovesTheDockerUserItMade) {
  write(docker_host());
  EXPECT_THAT(rules(), HasSubstr("-N DOCKER-USER"));
  legacy_driver()->remove();
  EXPECT_THAT(rules(), Not(HasSubstr("DOCKER-USER")));
}

TEST_F(IptcDriver, RemovesSetsThatNoRuleUses) {
  sh("ipset create overland-left hash:net");
  legacy_driver()->remove();
  EXPECT_EQ(sh("ipset list -n"), "");
}

TEST_F(IptcDriver, KeepsTheUsersRulesTheirOrderAndCounters) {
  start_docker();
  sh(R"(set -e
    { echo '*filter'
      for i in $(seq 1 400); do echo "[$i:$((i * 100))] -A DOCKER-USER -s 10.$((i % 7)).0.$((i % 250)) -j RETURN"; done
      echo COMMIT; } | iptables-legacy-restore -n -c)");
  const std::string user = "iptables-legacy-save -c -t filter | grep -v OVERLAND | grep -v ^#";
  const std::string before = sh(user);
  write(docker_host());
  EXPECT_EQ(sh(user), before);
  EXPECT_THAT(sh("iptables-legacy -S DOCKER-USER 1"), HasSubstr("-j OVERLAND-FORWARD"));
  legacy_driver()->remove();
  EXPECT_EQ(sh(user), before);
}

TEST_F(IptcDriver, WritingWhatIsThereTouchesNothing) {
  write(docker_host());
  sh("ip addr add 127.0.0.9/8 dev lo; ping -q -c1 127.0.0.9");
  const std::string before = sh("iptables-legacy-save -c -t raw | grep -v ^#");
  EXPECT_THAT(before, HasSubstr("[2:168] -A OVERLAND-RAW"));
  write(docker_host());
  EXPECT_EQ(sh("iptables-legacy-save -c -t raw | grep -v ^#"), before);
}

TEST_F(IptcDriver, RepairsWhatWasChangedByHand) {
  const std::vector<std::string> faults = {
      "iptables-legacy -t raw -D PREROUTING 1",
      "iptables-legacy -t nat -I POSTROUTING -j RETURN",
      "iptables-legacy -I DOCKER-USER -s 10.9.9.9 -j DROP",
      "iptables-legacy -A INPUT -j OVERLAND-FORWARD",
      "iptables-legacy -R DOCKER-USER 1 -g OVERLAND-FORWARD",
      "iptables-legacy -t raw -R PREROUTING 1 -g OVERLAND-RAW",
      "iptables-legacy -F OVERLAND-FORWARD",
      "iptables-legacy -I OVERLAND-FORWARD -j ACCEPT",
      "iptables-legacy -t raw -A OVERLAND-FROM -s 9.9.9.9 -j ACCEPT",
      "iptables-legacy -t raw -D OVERLAND-FROM 2",
      "iptables-legacy -t raw -D OVERLAND-TO 1",
      "iptables-legacy -t raw -N OVERLAND-OTHER",
      "iptables-legacy -t nat -F; iptables-legacy -t nat -X",
      "ipset del overland-subnets 10.64.0.0/24",
      "ipset flush overland-subnets",
      "ipset create overland-new hash:ip",
  };
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(66);
  write(policy);
  for (const std::string& fault : faults) {
    SCOPED_TRACE(fault);
    sh(fault);
    const auto found = legacy_driver()->read(policy);
    EXPECT_TRUE(!found || found->policy != policy || !found->defects.empty());
    write(policy);
    expect_in_force(policy);
  }
  EXPECT_EQ(sh("ipset list -n"), "overland-subnets\n");
}

TEST_F(IptcDriver, SwitchesAnchorAndMark) {
  write(docker_host());
  model::FirewallPolicy other = docker_host();
  other.anchor = model::FirewallAnchor::kForward;
  other.mark = 0x40;
  write(other);
  expect_in_force(other);
  EXPECT_THAT(rules(), Not(HasSubstr("-A DOCKER-USER")));
  EXPECT_THAT(rules(), Not(HasSubstr("0x200000")));
}

TEST_F(IptcDriver, TakesOddLinkNamesForWhatTheyAre) {
  model::FirewallPolicy policy = docker_host();
  policy.bridges = {"0123456789abcde", "eth+", "x\";-j\"'"};
  write(policy);
  expect_in_force(policy);
}

TEST_F(IptcDriver, SixtyFourPrefixesAreRulesAndSixtyFiveASet) {
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(64);
  write(policy);
  EXPECT_EQ(sh("ipset list -n"), "");
  policy.peer_subnets = scattered(65);
  write(policy);
  EXPECT_EQ(sh("ipset list -n"), "overland-subnets\n");
  EXPECT_THAT(rules(), HasSubstr("-A OVERLAND-FROM -m set --match-set overland-subnets src "));
  EXPECT_THAT(rules(), HasSubstr("-A OVERLAND-TO -m set --match-set overland-subnets dst "));
  policy.peer_subnets = scattered(64);
  write(policy);
  EXPECT_EQ(sh("ipset list -n"), "");
}

TEST_F(IptcDriver, TwoHundredFiftySixNeighboursAreOneRule) {
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets.clear();
  for (int i = 0; i < 256; ++i) {
    policy.peer_subnets.push_back(prefix("10.1." + std::to_string(i) + ".0/24"));
  }
  write(policy);
  EXPECT_THAT(sh("iptables-legacy -t raw -S OVERLAND-FROM"),
              HasSubstr("-A OVERLAND-FROM -s 10.1.0.0/16 -m comment --comment overland "
                        "-g OVERLAND-SUBNET\n-A OVERLAND-FROM -s 10.0.0.201/32 "));
}

TEST_F(IptcDriver, ReplacesSetsOfItsNamesThatAreNotItsOwn) {
  sh("ipset create overland-subnets hash:ip; ipset create overland-hosts hash:net");
  sh("ipset add overland-hosts 10.64.0.0/16; ipset add overland-hosts 10.64.1.0/24 nomatch");
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(65);
  policy.peer_hosts = scattered(65);
  write(policy);
  expect_in_force(policy);
}

TEST_F(IptcDriver, HoldsTenThousandPeers) {
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(10000);
  for (std::uint32_t i = 0; i < 10000; ++i) {
    policy.peer_hosts.emplace_back(model::Address::from_ipv4(0xac100000U + 2 * i));
  }
  const double first = milliseconds([&] { write(policy); });
  const double again = milliseconds([&] { write(policy); });
  const double read = milliseconds([&] { expect_in_force(policy); });
  RecordProperty("write_ms", std::to_string(first));
  RecordProperty("rewrite_ms", std::to_string(again));
  RecordProperty("read_ms", std::to_string(read));
  EXPECT_LT(first, 5000.0);
  EXPECT_LT(read, 2000.0);
  EXPECT_EQ(sh("ipset list -t overland-subnets | grep entries"), "Number of entries: 10000\n");
  policy.peer_subnets.pop_back();
  write(policy);
  expect_in_force(policy);
}

TEST_F(IptcDriver, GrowsPastTheDefaultCapacityOfASet) {
  model::FirewallPolicy policy = docker_host();
  policy.peer_subnets = scattered(70);
  write(policy);
  policy.peer_subnets.clear();
  for (std::uint32_t i = 0; i < 70000; ++i) {
    policy.peer_subnets.emplace_back(model::Address::from_ipv4(0x0a400000U + 2 * i));
  }
  write(policy);
  expect_in_force(policy);
}

}  // namespace
}  // namespace overland::firewall
