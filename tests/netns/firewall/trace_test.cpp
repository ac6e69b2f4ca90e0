// Which rules of other people's tables drop a packet, whoever wrote them.

#include <gmock/gmock.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>

#include "base/unique_fd.h"
#include "firewall/trace/droppers.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::trace {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::certain;
using tests::prefixes;
using tests::sh;
using tests::untold;

enum class Told { kNothing, kMay, kDrops };

class TraceTest : public tests::Sandbox {
 protected:
  static model::FirewallPolicy policy() {
    model::FirewallPolicy result = tests::two_host_policy();
    result.peer_hosts = {};
    return result;
  }

  /// `rules` in chain forward of a table with a chain "sub" and sets; then what is said of it.
  static Told told(const std::string& rules, const std::string& sub = "",
                   const std::string& base_policy = "accept") {
    sh("nft -f - <<'END'\n"
       "table inet t {\n"
       "  set peers { type ipv4_addr; flags interval; elements = { 192.168.0.0/16 }; }\n"
       "  set some { type ipv4_addr; elements = { 192.168.200.7 }; }\n"
       "  set links { type ifname; elements = { \"eth0\", \"eth9\" }; }\n"
       "  set pairs { type ipv4_addr . ifname; elements = { 1.2.3.4 . \"eth0\" }; }\n"
       "  map verdicts { type ifname : verdict; elements = { \"eth0\" : drop }; }\n"
       "  map marks { type ipv4_addr : mark; flags interval;\n"
       "              elements = { 192.168.200.0/24 : 0x7 }; }\n"
       "  limit slow { rate 1/second; }\n"
       "  chain sub {\n" +
       sub +
       "\n  }\n"
       "  chain forward { type filter hook forward priority 10; policy " +
       base_policy + ";\n" + rules + "\n}\n}\nEND");
    const auto found = find_droppers(policy());
    sh("nft delete table inet t");
    if (!certain(found).empty()) return Told::kDrops;
    return found.empty() ? Told::kNothing : Told::kMay;
  }

  /// What another program made of a table, message by message.
  static void replay(const std::string& batch) {
    std::ifstream file(std::string(OVERLAND_TABLES) + "/" + batch, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(bytes.empty());
    const base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    const int size = 1 << 20;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
};

struct Case {
  const char* rules;
  Told told;
};

TEST_F(TraceTest, TellsWhichRuleCounts) {
  const Case cases[] = {
      {"", Told::kNothing},
      {"drop", Told::kDrops},
      {"counter reject", Told::kDrops},
      {"iifname \"eth0\" drop", Told::kDrops},
      {"iifname \"eth1\" drop", Told::kNothing},
      {"iifname \"eth*\" drop", Told::kDrops},
      {"iifname { \"eth1\", \"eth0\" } drop", Told::kDrops},
      {"iifname @links drop", Told::kDrops},
      {"iifname != @links oifname != @links drop", Told::kNothing},
      {"oifname != \"docker0\" oifname != \"eth0\" drop", Told::kNothing},
      {"oifname != \"eth0\" drop", Told::kDrops},
      {"meta mark and 0x200000 == 0x200000 drop", Told::kDrops},
      {"meta mark 1 drop", Told::kNothing},
      {"meta nfproto ipv6 drop", Told::kNothing},
      {"ip6 saddr ::1 drop", Told::kNothing},
      {"ip saddr 192.168.0.0/16 drop", Told::kDrops},
      {"ip saddr 10.0.0.0/8 drop", Told::kNothing},
      {"ip saddr 192.168.1.0-192.168.255.0 drop", Told::kDrops},
      {"ip saddr @peers drop", Told::kDrops},
      {"ip saddr != @peers drop", Told::kNothing},
      {"ip saddr @some drop", Told::kMay},
      {"ip saddr 192.168.200.7 drop", Told::kMay},
      {"ip saddr . iifname @pairs drop", Told::kNothing},
      {"ip daddr != 192.168.200.0/24 drop", Told::kDrops},
      {"ip version 4 drop", Told::kDrops},
      {"tcp dport 22 drop", Told::kNothing},
      {"th dport 22 accept; drop", Told::kDrops},
      {"ct state new,invalid drop", Told::kDrops},
      {"ct state established drop", Told::kNothing},
      {"ct state vmap { established : accept, invalid : drop }", Told::kNothing},
      {"ct state vmap { new : drop }", Told::kDrops},
      {"ct mark 7 drop", Told::kMay},
      {"iifname vmap @verdicts", Told::kDrops},
      {"iifname vmap { \"eth1\" : drop }", Told::kNothing},
      {"ip saddr vmap { 192.168.200.9 : drop }", Told::kMay},
      {"meta mark set ip saddr map @marks; meta mark 7 drop", Told::kDrops},
      {"meta mark set meta mark or 1; meta mark and 3 == 1 drop", Told::kDrops},
      {"limit rate over 1/second drop", Told::kMay},
      {"limit name \"slow\" drop", Told::kMay},
      {"limit rate 1/second log prefix \"x\"", Told::kNothing},
      {"numgen random mod 2 0 drop", Told::kMay},
      {"ip saddr @peers accept; drop", Told::kNothing},
      {"ip saddr @some accept; drop", Told::kMay},
      {"fib saddr . iif oif missing drop", Told::kMay},
      {"ip saddr 192.168.0.0/16 return; drop", Told::kNothing},
  };
  for (const Case& one : cases) EXPECT_EQ(told(one.rules), one.told) << one.rules;
}

TEST_F(TraceTest, FollowsJumpsAndThePolicy) {
  EXPECT_EQ(told("", "", "drop"), Told::kDrops);
  EXPECT_EQ(told("meta mark and 0x200000 == 0x200000 accept", "", "drop"), Told::kNothing);
  EXPECT_EQ(told("jump sub", "drop"), Told::kDrops);
  EXPECT_EQ(told("ip saddr @some jump sub", "drop"), Told::kMay);
  EXPECT_EQ(told("ct mark 7 goto sub; drop", ""), Told::kMay);
  EXPECT_EQ(told("jump sub; drop", "iifname \"eth1\" drop"), Told::kDrops);
  EXPECT_EQ(told("goto sub; drop", "iifname \"eth1\" drop"), Told::kNothing);
  EXPECT_EQ(told("iifname vmap { \"eth0\" : goto sub }", "drop"), Told::kDrops);
}

TEST_F(TraceTest, NamesRuleChainTableAndHandle) {
  sh("nft 'table ip a { chain sub { iifname \"eth1\" drop; ip saddr 192.168.0.0/16 counter reject "
     "with icmp type admin-prohibited; }; chain f { type filter hook forward priority 0; jump sub; "
     "}; }'");
  EXPECT_THAT(certain(find_droppers(policy())),
              ElementsAre(AllOf(HasSubstr("\"ip saddr 192.168.0.0/16 counter reject with icmp "
                                          "admin-prohibited\" (handle "),
                                HasSubstr("in chain sub of table ip a drops traffic from "
                                          "192.168.200.0/24 to 192.168.100.0/24; remedy: "))));
  EXPECT_THAT(find_droppers(policy())[0].remedy,
              HasSubstr("nft insert rule ip a f meta mark and 0x200000 == 0x200000 accept"));
}

TEST_F(TraceTest, FollowsAPeerOnlyOnLinksThatBelieveIt) {
  model::FirewallPolicy two = policy();
  two.ingress = {{"eth0"}, {"eth1", prefixes({}), {}, {}}};
  sh("nft 'table ip a { chain f { type filter hook forward priority 0;"
     "iifname \"eth1\" ip saddr 192.168.200.0/24 drop; }; }'");
  EXPECT_THAT(certain(find_droppers(two)), IsEmpty()) << "a good rule";
  two.ingress[1].subnets.reset();
  EXPECT_THAT(certain(find_droppers(two)), SizeIs(1));
}

TEST_F(TraceTest, ATableThatIsDormantDropsNothing) {
  sh("nft 'table ip a { flags dormant; chain f { type filter hook forward priority 0; drop; }; }'");
  EXPECT_THAT(certain(find_droppers(policy())), IsEmpty());
}

TEST_F(TraceTest, TellsWhatExtensionsOfIptablesSayAboveTheJumpToDockerUser) {
  sh("iptables-nft -A FORWARD -m conntrack --ctstate INVALID -j DROP;"
     "iptables-nft -A FORWARD -p udp -m multiport --dports 1,2 -j DROP");
  EXPECT_THAT(find_droppers(policy()), IsEmpty());
  sh("iptables-nft -A FORWARD -m statistic --mode random --probability 0.5 -j DROP");
  EXPECT_THAT(find_droppers(policy()), IsEmpty()) << "our accept will stand first";
  sh("iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER");
  const auto found = find_droppers(policy());
  EXPECT_THAT(certain(found), IsEmpty());
  ASSERT_THAT(untold(found), SizeIs(1));
  EXPECT_THAT(untold(found)[0], HasSubstr("xt match \"statistic\" counter drop"));
  EXPECT_THAT(untold(found)[0], HasSubstr("may drop"));
}

TEST_F(TraceTest, ReadsWhatANewerNftWrote) {
  replay("newer_nft.batch");
  model::FirewallPolicy more = policy();
  more.peer_subnets = prefixes({"192.168.200.0/24", "192.168.203.0/24"});
  const auto found = find_droppers(more);
  EXPECT_THAT(certain(found), ElementsAre(HasSubstr("ip saddr vmap { ... }")));
  ASSERT_THAT(untold(found), SizeIs(1));
  EXPECT_THAT(untold(found)[0], HasSubstr("in chain z\\xff\"e of table inet newer may"));
}

TEST_F(TraceTest, ChainsThatFanOutEnd) {
  std::string rules = "table ip a {\n";
  for (int i = 15; i >= 0; --i) {
    rules += "chain c" + std::to_string(i) + " { ";
    for (int j = 0; j < 4 && i < 15; ++j) {
      rules += "ct mark " + std::to_string(j) + " jump c" + std::to_string(i + 1) + "; ";
    }
    rules += "}\n";
  }
  rules += "chain f { type filter hook forward priority 0; jump c1; }\n}\n";
  sh("nft -f - <<'END'\n" + rules + "END");
  const auto found = find_droppers(policy());
  ASSERT_THAT(untold(found), SizeIs(1));
  EXPECT_THAT(untold(found)[0], HasSubstr("too many rules to be followed"));
}

}  // namespace
}  // namespace overland::firewall::trace
