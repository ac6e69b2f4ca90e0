#pragma once
// A host with Docker's rules but without Docker, in the test's own namespace, and three namespaces
// around it: `c` is a container behind docker0, `p` a peer on the underlay with a container address
// of its own, `x` the internet behind another link. Pings tell what the rules do.
//
//   c 192.168.100.2 -- docker0 [host] eth0 10.0.0.200 -- 10.0.0.201 p (192.168.200.2)
//                              [host] eth1 203.0.113.1 -- 203.0.113.2 x

#include <string>

#include "base/process.h"
#include "netns/sandbox.h"

namespace overland::tests {

class DockerLikeHost : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip link add docker0 type bridge && ip addr add 192.168.100.1/24 dev docker0 &&"
       "ip link set docker0 up");
    for (const std::string name : {"c", "p", "x"}) {
      sh("ip netns add " + name + " && ip -n " + name + " link set lo up && ip link add to-" +
         name + " type veth peer name eth0 netns " + name + " && ip -n " + name +
         " link set eth0 up");
    }
    sh("ip link set to-c master docker0 && ip link set to-c up &&"
       "ip link set to-p name eth0 && ip addr add 10.0.0.200/24 dev eth0 && ip link set eth0 up &&"
       "ip link set to-x name eth1 && ip addr add 203.0.113.1/24 dev eth1 && ip link set eth1 up");
    sh("ip -n c addr add 192.168.100.2/24 dev eth0 && ip -n c route add default via 192.168.100.1");
    sh("ip -n p addr add 10.0.0.201/24 dev eth0 && ip -n p addr add 192.168.200.2/32 dev lo &&"
       "ip -n p route add default via 10.0.0.200");
    sh("ip -n x addr add 203.0.113.2/24 dev eth0");
    sh("ip route add 192.168.200.0/24 via 10.0.0.201");
    sh("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done;"
       "echo 1 > /proc/sys/net/ipv4/ip_forward");
  }

  /// What dockerd 28 leaves behind for one container with `iptables` = iptables-nft or -legacy.
  static void docker_rules(const std::string& iptables) {
    const std::string t = iptables + " -w ";
    sh(t + "-P FORWARD DROP && (" + t + "-N DOCKER-USER || true) && " + t + "-N DOCKER && " + t +
       "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT && " + t +
       "-A FORWARD -o docker0 -j DOCKER && " + t +
       "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT && " + t +
       "-A DOCKER ! -i docker0 -o docker0 -j DROP && " + t + "-I FORWARD -j DOCKER-USER");
    sh(t + "-t raw -A PREROUTING -d 192.168.100.2 ! -i docker0 -j DROP && " + t +
       "-t nat -I POSTROUTING -s 192.168.100.0/24 ! -o docker0 -j MASQUERADE");
  }

  static bool succeeds(const std::string& command) {
    return base::run("/bin/sh", {"-c", command}).status == 0;
  }
  static bool ping(const std::string& from, const std::string& source, const std::string& to) {
    return succeeds("ip netns exec " + from + " ping -n -c 1 -W 1 -I " + source + " " + to);
  }
  /// From then on `name` answers nothing that carries this source.
  static void refuse_source(const std::string& name, const std::string& source) {
    sh("ip netns exec " + name +
       " nft 'add table ip t; add chain ip t in { type filter hook input "
       "priority 0; }; add rule ip t in ip saddr " +
       source + " drop'");
  }
  /// From then on arrivals(name) counts echo requests.
  static void count_arrivals(const std::string& name) {
    sh("ip netns exec " + name +
       " nft 'add table ip n; add counter ip n hits; add chain ip n in { "
       "type filter hook prerouting priority 0; }; add rule ip n in icmp type echo-request counter "
       "name hits'");
  }
  static int arrivals(const std::string& name) {
    return std::stoi(sh("ip netns exec " + name +
                        " nft list counter ip n hits |"
                        "sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'"));
  }
};

}  // namespace overland::tests
