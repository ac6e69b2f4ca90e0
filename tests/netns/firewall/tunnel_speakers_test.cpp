// Who else of this host would speak as its tunnel.

#include <gtest/gtest.h>

#include "netns/firewall/two_sites.h"

namespace overland::firewall {
namespace {

using model::FirewallPolicy;
using tests::Forged;
using tests::Forger;
using tests::sh;

class TunnelSpeakersTest : public tests::TwoSites {};

// With the address of this host, as any local user's socket has it, or a container's behind
// MASQUERADE.
TEST_F(TunnelSpeakersTest, NobodyHereSpeaksAsTheTunnel) {
  sh("ip link add br-user type bridge && ip addr add 172.20.0.1/24 dev br-user && ip link set "
     "br-user up && ip netns add u && ip link add to-u master br-user type veth peer name eth0 "
     "netns u && ip link set to-u up && ip -n u link set eth0 up && ip -n u addr add "
     "172.20.0.2/24 dev eth0 && ip -n u route add default via 172.20.0.1 && echo 0 > "
     "/proc/sys/net/ipv4/conf/br-user/rp_filter");
  docker_rules("iptables-nft");
  sh("iptables-nft -w -P FORWARD ACCEPT; iptables-nft -w -t nat -A POSTROUTING -s 172.20.0.0/24 ! "
     "-o br-user -j MASQUERADE");
  count_arrivals("p");
  Forged what = {"10.1.0.11", "192.168.100.2", "10.2.0.12", "192.168.200.2"};
  what.mac = {0x02, 0x6f, 10, 2, 0, 12};
  firewall_.write(tunnelled());
  const auto gone = [](const std::string& chain) {
    return std::stoi(sh("nft list chain ip overland " + chain +
                        " | sed -n 's/.*packets \\([0-9]*\\) .* drop/\\1/p' | "
                        "awk '{ all += $1 } END { print all }'"));
  };
  // Of several packets handed over at once the first VNI alone is seen.
  const auto lost = [&](const Forger& from, const char* chain) {
    for (const unsigned vni : {111U, 9999U}) {
      what.vni = vni;
      const int before = gone(chain);
      from.send(what);
      if (!comes([&] { return gone(chain) > before; })) return false;
    }
    return true;
  };
  EXPECT_TRUE(lost(Forger(), "outer-out"));
  what.outer = "192.168.100.2";
  EXPECT_TRUE(lost(Forger("c"), "bridged"));
  what.outer = "172.20.0.2";
  EXPECT_TRUE(lost(Forger("u"), "bridged"));
  EXPECT_TRUE(ping("c", "192.168.100.2", "192.168.200.2")) << "the tunnel itself";
  EXPECT_TRUE(succeeds("ping -n -c 1 -W 5 192.168.200.2")) << "and this host by it";
  FirewallPolicy policy = tunnelled();
  policy.tunnel.reset();
  firewall_.write(policy);
  what.vni = 111;
  what.outer = "10.1.0.11";
  for (const char* space : {"", "u"}) {
    if (*space != '\0') what.outer = "172.20.0.2";
    const int before = arrivals("p");
    Forger(space).send(what);
    EXPECT_TRUE(comes([&] { return arrivals("p") > before; })) << "what the test is worth";
  }
}

// Handed over at once, and cut behind INPUT, where the first one's VNI alone was seen.
TEST_F(TunnelSpeakersTest, NobodySpeaksAsAPeerBehindAnothersVni) {
  firewall_.write(tunnelled());
  Forged other = {"", "192.168.200.7"};
  other.vni = 222;
  const Forged ours = {"", "192.168.200.7"};
  for (const char* space : {"x", "c"}) {
    const int before = arrivals("c");
    const int gone = dropped("inner-known");
    Forger(space).send_at_once(other, ours);
    EXPECT_TRUE(comes([&] { return dropped("inner-known") > gone || arrivals("c") > before; }));
    EXPECT_EQ(arrivals("c"), before) << space;
  }
  EXPECT_TRUE(ping("p", "192.168.200.2", "192.168.100.2")) << "the tunnel itself";
  sh("nft flush chain ip overland inner-known");
  const int before = arrivals("c");
  Forger("x").send_at_once(other, ours);
  EXPECT_TRUE(comes([&] { return arrivals("c") > before; })) << "what the test is worth";
}

}  // namespace
}  // namespace overland::firewall
