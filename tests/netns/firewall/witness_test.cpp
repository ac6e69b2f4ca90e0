// Who dropped a packet is named, whoever it is: each case is tried with a packet.

#include "firewall/witness.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>
#include <ostream>
#include <thread>

#include "base/error.h"
#include "netns/firewall/docker_like_host.h"

namespace overland::firewall {

static void PrintTo(const WitnessedDrop& drop, std::ostream* to) {
  *to << (drop.reply ? "reply: " : "request: ") << (drop.certain ? "" : "probably ") << drop.rule;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;
using tests::sh;

constexpr std::chrono::milliseconds kBound(700);

model::Address address(const std::string& text) { return *model::Address::parse(text); }

class WitnessTest : public tests::DockerLikeHost {
 protected:
  static constexpr std::uint16_t kId = 4711;

  static WitnessedFlow flow() { return {address("192.168.100.2"), address("192.168.200.2"), kId}; }

  /// One echo request from the container, whose answer nobody waits for.
  static void send(std::uint16_t id = kId) {
    base::run("/bin/sh", {"-c", "ip netns exec c ping -n -q -c1 -W0.05 -e " + std::to_string(id) +
                                    " 192.168.200.2 >/dev/null"});
  }

  static std::vector<WitnessedDrop> look() {
    return witness(
        {flow()}, [] { send(); }, kBound);
  }
  static WitnessedDrop request(const std::string& rule, bool certain = true) {
    return {flow(), false, certain, rule};
  }
  static WitnessedDrop reply(const std::string& rule) { return {flow(), true, true, rule}; }
};

TEST_F(WitnessTest, NobodyIsNamedWhereThePacketPasses) { EXPECT_THAT(look(), IsEmpty()); }

TEST_F(WitnessTest, RulesOfNftablesAreNamed) {
  struct Case {
    const char* rules;
    const char* named;
  };
  const Case cases[] = {
      {"nft 'table ip t { chain c { type filter hook forward priority 5; ip saddr 10.1.0.0/16 "
       "accept; ip daddr 192.168.200.0/24 counter drop; }; }'",
       "t c, rule 2: ip daddr 192.168.200.0/24 counter drop"},
      {"nft 'table inet t { chain c { type filter hook forward priority 0; jump d; }; chain d { "
       "meta l4proto icmp reject; }; }'",
       "inet t d, rule 1: meta l4proto icmp reject with icmpx port-unreachable"},
      {"nft 'table ip t { chain c { type filter hook prerouting priority raw; iifname \"docker0\" "
       "drop; }; }'",
       "t c, rule 1: iifname \"docker0\" drop"},
      {"nft 'table ip t { chain c { type filter hook forward priority 0; drop comment \"old "
       "rule\"; "
       "}; }'",
       "t c, rule 1: drop comment \"old rule\""},
      {"iptables-nft -A FORWARD -s 192.168.100.0/24 -m comment --comment 'old rule' -j DROP",
       "filter FORWARD, rule 1: ip saddr 192.168.100.0/24 \"old rule\" counter drop"},
      {"nft 'table ip t { chain c { type filter hook postrouting priority 0; policy drop; }; }'",
       "the policy of t c"},
      {"iptables-nft -N DOCKER-USER && iptables-nft -A FORWARD -j DOCKER-USER && iptables-nft -A "
       "DOCKER-USER -d 192.168.200.0/24 -j DROP",
       "filter DOCKER-USER, rule 1: ip daddr 192.168.200.0/24 counter drop"},
      {"iptables-nft -P FORWARD DROP", "the policy of filter FORWARD"}};
  for (const Case& one : cases) {
    sh(one.rules);
    EXPECT_THAT(look(), ElementsAre(request(one.named))) << one.rules;
    sh("nft flush ruleset");
  }
}

TEST_F(WitnessTest, ALostReplyIsAReply) {
  sh("nft 'table ip t { chain c { type filter hook forward priority 0; iifname \"eth0\" drop; }; "
     "}'");
  EXPECT_THAT(look(), ElementsAre(reply("t c, rule 1: iifname \"eth0\" drop")));
}

TEST_F(WitnessTest, AReplyToATranslatedSourceIsKnown) {
  docker_rules("iptables-nft");
  sh("iptables-nft -I FORWARD -d 192.168.100.0/24 -j DROP");
  EXPECT_THAT(look(), ElementsAre(reply("filter FORWARD, rule 1: ip daddr 192.168.100.0/24 "
                                        "counter drop")));
}

/// That nobody has the address there is an answer, too.
TEST_F(WitnessTest, ALostErrorIsAReply) {
  sh("ip netns exec p ip route add unreachable 192.168.200.2 && ip -n p addr del "
     "192.168.200.2/32 dev lo && echo 1 | ip netns exec p tee /proc/sys/net/ipv4/ip_forward");
  sh("nft 'table ip t { chain c { type filter hook forward priority 0; icmp type "
     "destination-unreachable drop; }; }'");
  const auto found = look();
  ASSERT_THAT(found, testing::SizeIs(1));
  EXPECT_TRUE(found[0].reply);
  EXPECT_THAT(found[0].rule, StartsWith("t c, rule 1: "));
}

TEST_F(WitnessTest, ALegacyRuleIsNamedAsProbable) {
  docker_rules("iptables-legacy");
  sh("iptables-legacy -A DOCKER-USER -s 10.9.0.0/16 -j DROP;"
     "iptables-legacy -A DOCKER-USER -d 192.168.200.0/24 -m comment --comment 'old rule' -j DROP");
  EXPECT_THAT(look(), ElementsAre(request("legacy filter DOCKER-USER, rule 2: ip daddr "
                                          "192.168.200.0/24 \"old rule\" drop",
                                          false)));
}

TEST_F(WitnessTest, ALegacyPolicyIsNamedAsProbable) {
  sh("iptables-legacy -P FORWARD DROP");
  EXPECT_THAT(look(), ElementsAre(request("the policy of legacy filter FORWARD", false)));
}

TEST_F(WitnessTest, OfBothKindsOfTablesTheOneThatDropsIsNamed) {
  docker_rules("iptables-legacy");
  docker_rules("iptables-nft");
  sh("iptables-legacy -t raw -A PREROUTING -s 192.168.100.0/24 -j DROP");
  EXPECT_THAT(look(), ElementsAre(request("legacy raw PREROUTING, rule 2: ip saddr "
                                          "192.168.100.0/24 drop",
                                          false)));
  sh("iptables-legacy -t raw -F");
  EXPECT_THAT(look(), IsEmpty());
  sh("iptables-nft -I FORWARD -j DROP");
  EXPECT_THAT(look(), ElementsAre(request("filter FORWARD, rule 1: counter drop")));
}

TEST_F(WitnessTest, WhatDropsOutsideOfTablesIsTold) {
  sh("ip route del 192.168.200.0/24");
  EXPECT_THAT(look(), ElementsAre(request("no route to 192.168.200.2")));
  sh("ip route add blackhole 192.168.200.0/24");
  EXPECT_THAT(look(), ElementsAre(request("a blackhole route to 192.168.200.2")));
  sh("ip route replace unreachable 192.168.200.0/24");
  EXPECT_THAT(look(), ElementsAre(request("an unreachable route to 192.168.200.2")));
  sh("ip route replace 192.168.200.0/24 via 10.0.0.201; echo 0 > /proc/sys/net/ipv4/ip_forward");
  EXPECT_THAT(look(), ElementsAre(request("forwarding is off on docker0")));
}

TEST_F(WitnessTest, TheReversePathFilterIsTold) {
  // What goes out by eth0 comes back by eth1.
  sh("ip -n p route del default && ip -n x link add to-p type veth peer name eth1 netns p &&"
     "ip -n x addr add 10.7.0.1/24 dev to-p && ip -n x link set to-p up &&"
     "ip -n p addr add 10.7.0.2/24 dev eth1 && ip -n p link set eth1 up &&"
     "ip -n p route add default via 10.7.0.1 && ip -n x route add default via 203.0.113.1 &&"
     "ip netns exec x sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward;"
     "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done'");
  EXPECT_THAT(look(), IsEmpty());
  sh("echo 1 > /proc/sys/net/ipv4/conf/eth1/rp_filter");
  EXPECT_THAT(look(),
              ElementsAre(reply("the reverse path filter of eth1 (rp_filter = 1): the route to "
                                "192.168.200.2 leads elsewhere")));
}

TEST_F(WitnessTest, TracesOfOthersAreNobodysOfOurs) {
  sh("nft 'table ip t { chain a { type filter hook prerouting priority -500; meta nftrace set 1; };"
     "chain c { type filter hook forward priority 0; icmp id 99 drop; }; }'");
  const auto both = [] {
    send(99);
    send();
  };
  EXPECT_THAT(witness({flow()}, both, kBound), IsEmpty());
  // From somebody else, with the very number of ours.
  sh("nft add rule ip t c ip saddr 10.0.0.201 icmp type echo-request drop");
  const auto stranger = [] {
    base::run("/bin/sh", {"-c", "ip netns exec p ping -n -q -c1 -W0.05 -e 4711 192.168.100.2"});
    send();
  };
  EXPECT_THAT(witness({flow()}, stranger, kBound), IsEmpty());
}

TEST_F(WitnessTest, FlowsAreToldApart) {
  sh("nft 'table ip t { chain c { type filter hook forward priority 0; icmp id 12 drop; }; }'");
  std::vector<WitnessedFlow> flows;
  for (std::uint16_t id = 11; id <= 13; ++id) {
    flows.push_back({flow().source, flow().destination, id});
  }
  const auto found = witness(
      flows,
      [&] {
        for (const auto& one : flows) send(one.icmp_id);
      },
      kBound);
  ASSERT_THAT(found, testing::SizeIs(1));
  EXPECT_EQ(found[0].flow.icmp_id, 12);
}

TEST_F(WitnessTest, ManyAreFollowedAtOnce) {
  sh("iptables-nft -P FORWARD DROP");
  std::vector<WitnessedFlow> flows;
  for (std::uint16_t id = 1; id <= 2000; ++id) {
    flows.push_back({flow().source, flow().destination, id});
  }
  const auto found = witness(
      flows, [] { send(1999); }, kBound);
  ASSERT_THAT(found, testing::SizeIs(1));
  EXPECT_EQ(found[0].flow.icmp_id, 1999);
}

TEST_F(WitnessTest, PacketsOfThisHostAreFollowedToo) {
  sh("nft 'table ip t { chain c { type filter hook output priority 0; ip daddr 10.0.0.201 drop; }; "
     "}'");
  const WitnessedFlow own = {address("10.0.0.200"), address("10.0.0.201"), kId};
  const auto found = witness(
      {own},
      [] {
        base::run("/bin/sh", {"-c", "ping -n -q -c1 -W0.05 -e 4711 10.0.0.201 2>&1"});
      },
      kBound);
  EXPECT_THAT(
      found, ElementsAre(WitnessedDrop{own, false, true, "t c, rule 1: ip daddr 10.0.0.201 drop"}));
}

TEST_F(WitnessTest, ItEndsAsSoonAsAllIsKnown) {
  sh("iptables-nft -P FORWARD DROP");
  const auto start = std::chrono::steady_clock::now();
  witness(
      {flow()}, [] { send(); }, std::chrono::seconds(20));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(WitnessTest, NothingIsLeftBehind) {
  look();
  EXPECT_EQ(sh("nft list tables"), "");
  EXPECT_THROW(
      witness(
          {flow()}, [] { throw base::Error(base::ErrorKind::kFailure, "no socket"); }, kBound),
      base::Error);
  EXPECT_EQ(sh("nft list tables"), "");
}

TEST_F(WitnessTest, NothingIsLeftBehindByAKill) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    witness(
        {flow()}, [] { ::raise(SIGKILL); }, kBound);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  // The kernel removes it in its own time.
  for (int i = 0; i < 200 && !sh("nft list tables").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(sh("nft list tables"), "");
}

TEST_F(WitnessTest, TwoAtOnceDoNotDisturbEachOther) {
  sh("iptables-nft -P FORWARD DROP");
  std::vector<WitnessedDrop> inner;
  const auto outer = witness(
      {flow()},
      [&] {
        send();
        const WitnessedFlow other = {flow().source, flow().destination, 12};
        inner = witness(
            {other}, [] { send(12); }, kBound);
      },
      kBound);
  EXPECT_THAT(outer, ElementsAre(request("the policy of filter FORWARD")));
  ASSERT_THAT(inner, testing::SizeIs(1));
  EXPECT_EQ(inner[0].flow.icmp_id, 12);
}

}  // namespace
}  // namespace overland::firewall
