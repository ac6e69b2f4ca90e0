#pragma once
// Two sites and a router between them that knows nothing of containers; tunnels made by hand from
// this host to `p` and to `q`. `x` is a stranger on this host's LAN, `c` a container here.
//
//   c 192.168.100.2 -- docker0 [host] eth0 10.1.0.11 --+-- r --+-- 10.2.0.12 p (192.168.200.2)
//                                      10.1.0.66 x  ---+       +-- 10.2.0.13 q (192.168.210.2)

#include <chrono>
#include <string>
#include <thread>

#include "netns/firewall/applied.h"
#include "netns/firewall/docker_like_host.h"
#include "netns/firewall/forged.h"
#include "netns/firewall/nft_policy.h"
#include "unit/states.h"

namespace overland::tests {

class TwoSites : public DockerLikeHost {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh(R"(set -e
      for n in c r x p q; do ip netns add $n; ip -n $n link set lo up; done
      ip link add docker0 type bridge
      ip addr add 192.168.100.1/24 dev docker0
      ip link set docker0 up
      ip link add to-c master docker0 type veth peer name eth0 netns c
      ip link set to-c up
      ip -n c link set eth0 up
      ip -n c addr add 192.168.100.2/24 dev eth0
      ip -n c route add default via 192.168.100.1
      for lan in 1 2; do
        ip -n r link add lan$lan type bridge
        ip -n r addr add 10.$lan.0.1/24 dev lan$lan
        ip -n r link set lan$lan up
      done
      ip link add eth0 type veth peer name host netns r
      ip -n r link set host master lan1 up
      ip addr add 10.1.0.11/24 dev eth0
      ip link set eth0 up
      ip route add default via 10.1.0.1
      attach() {  # namespace, LAN, address in it
        ip -n $1 link add eth0 type veth peer name $1 netns r
        ip -n r link set $1 master lan$2 up
        ip -n $1 addr add 10.$2.0.$3/24 dev eth0
        ip -n $1 link set eth0 up
        ip -n $1 route add default via 10.$2.0.1
      }
      attach x 1 66
      attach p 2 12
      attach q 2 13
      tunnel() {  # command, last byte of LAN, of address, third of containers
        $1 link add vxlan.ovl address 02:6f:0a:0$2:00:$(printf %02x $3) type vxlan id 111 \
          local 10.$2.0.$3 dstport 4789 nolearning
        $1 addr add 192.168.$4.1/32 dev vxlan.ovl
        $1 link set vxlan.ovl up
      }
      tunnel ip 1 11 100
      tunnel "ip -n p" 2 12 200
      tunnel "ip -n q" 2 13 210
      for n in p:200 q:210; do
        ip -n ${n%:*} addr add 192.168.${n#*:}.2/32 dev lo
      done)");
    for (const char* peer : {"p", "q"}) {
      know(std::string("ip -n ") + peer, std::string("ip netns exec ") + peer + " bridge",
           "10.1.0.11", "02:6f:0a:01:00:0b", "192.168.100.0/24");
    }
    know("ip", "bridge", "10.2.0.12", "02:6f:0a:02:00:0c", "192.168.200.0/24");
    know("ip", "bridge", "10.2.0.13", "02:6f:0a:02:00:0d", "192.168.210.0/24");
    const std::string as_router =
        "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done;"
        "echo 1 > /proc/sys/net/ipv4/ip_forward";
    sh(as_router);
    for (const std::string name : {"r", "p", "q"}) {
      sh("ip netns exec " + name + " sh -c '" + as_router + "'");
    }
    count_arrivals("c");
  }

  /// A peer, as plan and kernel enter one: `ip` and `bridge` are the commands of the namespace.
  static void know(const std::string& ip, const std::string& bridge, const std::string& outer,
                   const std::string& mac, const std::string& containers) {
    sh(ip + " neigh add " + outer + " lladdr " + mac + " nud permanent dev vxlan.ovl && " + bridge +
       " fdb append " + mac + " dev vxlan.ovl dst " + outer + " && " + ip + " route add " +
       containers + " via " + outer + " dev vxlan.ovl onlink");
  }

  static model::FirewallPolicy tunnelled(
      model::FirewallVariant variant = model::FirewallVariant::kNft) {
    model::FirewallPolicy policy = two_host_policy();
    policy.variant = variant;
    policy.peer_subnets = prefixes({"192.168.200.0/24", "192.168.210.0/24"});
    policy.peer_hosts = {};
    policy.stops_forgers = true;
    const std::vector<model::Prefix> nobody;
    policy.ingress = {{"eth0", nobody, nobody, nobody}, {"vxlan.ovl"}};
    policy.tunnel = model::Tunnel{"vxlan.ovl",
                                  111,
                                  4789,
                                  {{addr("10.2.0.12"), prefixes({"192.168.200.0/24"})},
                                   {addr("10.2.0.13"), prefixes({"192.168.210.0/24"})}}};
    return policy;
  }

  /// Waits for what must come, however slow the machine is.
  template <typename Condition>
  static bool comes(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  /// Dropped so far by a chain of ours, by its last rule.
  static int dropped(const std::string& chain = "outer-known") {
    return std::stoi(sh("nft list chain ip overland " + chain +
                        " | sed -n 's/.*packets \\([0-9]*\\) bytes [0-9]* drop/\\1/p' | tail -1"));
  }

  /// Whether the echo request within reaches container `c`: else it has to be seen dropped.
  static bool reaches(const Forger& from, const Forged& what) {
    const int before = arrivals("c");
    const int gone = dropped();
    from.send(what);
    EXPECT_TRUE(comes([&] { return arrivals("c") > before || dropped() > gone; }))
        << "neither arrived nor dropped: " << what.outer << " with " << what.inner;
    return arrivals("c") > before;
  }

  Applied firewall_;
};

}  // namespace overland::tests
