// Docker 29 with "firewall-backend": "nftables", by tables of the shape its documentation shows
// (moby/moby, integration/network/bridge/nftablesdoc): our own table and two keys of daemon.json.

#include <gmock/gmock.h>

#include "firewall/host_firewall.h"
#include "firewall/trace/droppers.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/nft_policy.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using model::FirewallVariant;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::sh;

class DockerNftBackendTest : public tests::DockerLikeHost {
 protected:
  static FirewallPolicy policy() {
    FirewallPolicy result = tests::two_host_policy();
    result.anchor = FirewallAnchor::kDockerNft;
    return result;
  }
  void write() { firewall_.apply({{}, policy()}); }

  /// docker0 with a container that publishes no port. `keys`: with bridge-accept-fwmark and
  /// allow-direct-routing in daemon.json.
  static void docker_starts(bool keys) {
    const std::string accept_mark =
        keys ? "add rule ip docker-bridges in__docker0 meta mark & 0x200000 == 0x200000 counter "
               "accept;"
             : "";
    const std::string direct =
        keys ? ""
             : "add rule ip docker-bridges raw-PREROUTING ip daddr 192.168.100.2 iifname != "
               "\"docker0\" counter drop;";
    sh("nft 'add table ip docker-bridges;"
       "add chain ip docker-bridges in__docker0; add chain ip docker-bridges out__docker0;"
       "add chain ip docker-bridges nat-out__docker0;"
       "add map ip docker-bridges in-jumps { type ifname : verdict; };"
       "add map ip docker-bridges out-jumps { type ifname : verdict; };"
       "add map ip docker-bridges nat-out-jumps { type ifname : verdict; };"
       "add element ip docker-bridges in-jumps { docker0 : jump in__docker0 };"
       "add element ip docker-bridges out-jumps { docker0 : jump out__docker0 };"
       "add element ip docker-bridges nat-out-jumps { docker0 : jump nat-out__docker0 };"
       "add chain ip docker-bridges filter-FORWARD { type filter hook forward priority 0; };"
       "add chain ip docker-bridges raw-PREROUTING { type filter hook prerouting priority -300; };"
       "add chain ip docker-bridges nat-POSTROUTING { type nat hook postrouting priority 100; };"
       "add rule ip docker-bridges filter-FORWARD oifname vmap @in-jumps;"
       "add rule ip docker-bridges filter-FORWARD iifname vmap @out-jumps;"
       "add rule ip docker-bridges nat-POSTROUTING iifname vmap @nat-out-jumps;" +
       direct + "add rule ip docker-bridges in__docker0 ct state established,related accept;" +
       accept_mark +
       "add rule ip docker-bridges in__docker0 iifname docker0 accept;"
       "add rule ip docker-bridges in__docker0 counter drop;"
       "add rule ip docker-bridges out__docker0 counter accept;"
       "add rule ip docker-bridges nat-out__docker0 oifname != \"docker0\" "
       "ip saddr 192.168.100.0/24 masquerade'");
  }

  base::Deadline deadline_{std::chrono::seconds(60)};
  HostFirewall firewall_{deadline_};
};

TEST_F(DockerNftBackendTest, IsFoundByItsTable) {
  docker_starts(true);
  const auto facts = firewall_.facts({});
  EXPECT_TRUE(facts.docker_nft_backend);
  EXPECT_EQ(facts.variant, FirewallVariant::kNft);
  EXPECT_THAT(facts.evidence, HasSubstr("docker-bridges"));
  EXPECT_FALSE(facts.both_variants);
  EXPECT_THAT(trace::find_droppers(policy()), IsEmpty());
}

TEST_F(DockerNftBackendTest, BlocksPeersWithoutTheKeys) {
  write();
  docker_starts(false);
  EXPECT_FALSE(ping("p", "192.168.200.2", "192.168.100.2"));
}

TEST_F(DockerNftBackendTest, LetsTrustedTrafficThroughWithTheKeysWhoeverComesFirst) {
  for (const bool docker_first : {false, true}) {
    if (docker_first) docker_starts(true);
    write();
    if (!docker_first) docker_starts(true);
    EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2"));
    EXPECT_TRUE(ping("p", "10.0.0.201", "192.168.100.2"));
    EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
    EXPECT_TRUE(ping("c", "192.168.100.2", "203.0.113.2")) << "to the internet, by NAT";
    sh("nft delete table ip docker-bridges");
    firewall_.apply({policy(), {}});
  }
}

TEST_F(DockerNftBackendTest, KeepsTheSourceAndMakesNoIptablesTable) {
  docker_starts(true);
  write();
  refuse_source("p", "10.0.0.200");
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2"));
  EXPECT_EQ(sh("nft list tables"), "table ip docker-bridges\ntable ip overland\n");
  const auto found = firewall_.read(policy());
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->defects, IsEmpty());
}

TEST_F(DockerNftBackendTest, TellsWhetherTheDropOfDirectTrafficIsOurs) {
  FirewallPolicy drops = policy();
  EXPECT_FALSE(firewall_.facts({}).direct_drop);
  firewall_.apply({{}, drops});
  EXPECT_FALSE(firewall_.facts({}).direct_drop);
  drops.direct_drop = {{"docker0"}, {}, {*model::Prefix::parse("192.168.100.0/24")}};
  firewall_.apply({{}, drops});
  EXPECT_TRUE(firewall_.facts({}).direct_drop);
}

TEST_F(DockerNftBackendTest, LetsNoStrangerIn) {
  docker_starts(true);
  write();
  count_arrivals("c");
  sh("ip -n x addr add 192.168.200.9/32 dev lo; ip -n x route add 192.168.100.0/24 via "
     "203.0.113.1");
  EXPECT_FALSE(ping("x", "203.0.113.2", "192.168.100.2"));
  ping("x", "192.168.200.9", "192.168.100.2");
  EXPECT_EQ(arrivals("c"), 0);
}

}  // namespace
}  // namespace overland::firewall
