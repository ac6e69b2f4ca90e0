#pragma once
// A host with a bridge and Docker-like legacy rules, a peer with a bridge subnet, and strangers.
//
//   box 192.168.100.2 ── docker0 [host] eth0 10.0.0.200 ── 10.0.0.201 peer (192.168.200.2)
//                                [host] eth1 172.30.0.1 ── 172.30.0.2 outside

#include <string>
#include <vector>

#include "netns/firewall/applied.h"
#include "netns/sandbox.h"
#include "unit/states.h"

namespace overland::firewall {

inline model::Prefix prefix(const std::string& text) {
  const auto parsed = model::Prefix::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(model::Prefix());
}

class LegacyScene : public tests::Sandbox {
 protected:
  /// Namespaces, links and addresses.
  static void raise_network() {
    tests::sh(R"(set -e
      attach() {  # namespace, our link, our address, its address
        ip netns add $1
        ip link add $2 type veth peer name eth0 netns $1
        ip addr add $3/24 dev $2
        ip link set $2 up
        ip -n $1 addr add $4/24 dev eth0
        ip -n $1 link set lo up
        ip -n $1 link set eth0 up
        ip -n $1 route add default via $3
      }
      attach box docker0 192.168.100.1 192.168.100.2
      attach peer eth0 10.0.0.200 10.0.0.201
      attach outside eth1 172.30.0.1 172.30.0.2
      ip -n peer addr add 192.168.200.2/24 dev lo
      ip -n outside addr add 192.168.200.2/32 dev lo
      ip route add 192.168.200.0/24 via 10.0.0.201
      for link in all default eth0 eth1 docker0; do echo 0 > /proc/sys/net/ipv4/conf/$link/rp_filter; done
      echo 1 > /proc/sys/net/ipv4/ip_forward)");
  }

  /// What dockerd 28 puts into the legacy tables, in its order.
  static void start_docker() {
    tests::sh(R"(set -e
      iptables-legacy -P FORWARD DROP
      iptables-legacy -N DOCKER-USER 2>/dev/null || true
      iptables-legacy -N DOCKER
      iptables-legacy -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
      iptables-legacy -I FORWARD -o docker0 -j DOCKER
      iptables-legacy -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      iptables-legacy -A DOCKER ! -i docker0 -o docker0 -j DROP
      iptables-legacy -I FORWARD -j DOCKER-USER
      iptables-legacy -t raw -A PREROUTING -d 192.168.100.2 ! -i docker0 -j DROP
      iptables-legacy -t nat -I POSTROUTING -s 192.168.100.0/24 ! -o docker0 -j MASQUERADE)");
  }

  static model::FirewallPolicy docker_host() {
    return tests::two_hosts_policy(model::FirewallVariant::kLegacy);
  }

  /// One ping; `from` is an address of that namespace, or empty.
  static bool ping(const std::string& space, const std::string& to, const std::string& from = {}) {
    const std::string source = from.empty() ? "" : " -I " + from;
    return base::run("/bin/sh",
                     {"-c", "ip netns exec " + space + " ping -q -c1 -W1" + source + " " + to})
               .status == 0;
  }

  /// Counts echo requests by source in `space` from now on.
  static void watch(const std::string& space, const std::string& source) {
    tests::sh("ip netns exec " + space +
              " iptables-legacy -A INPUT -p icmp -m icmp --icmp-type 8 -s " + source);
  }
  static bool seen(const std::string& space, const std::string& source) {
    const std::string list = tests::sh("ip netns exec " + space + " iptables-legacy-save -c");
    for (std::size_t at = 0; at < list.size(); at = list.find('\n', at) + 1) {
      const std::string line = list.substr(at, list.find('\n', at) - at);
      if (line.find("-s " + source + "/32 ") != std::string::npos) return line[1] != '0';
      if (list.find('\n', at) == std::string::npos) break;
    }
    return false;
  }

  void expect_in_force(const model::FirewallPolicy& policy) {
    const auto found = firewall_.read(policy);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->policy, policy);
    EXPECT_EQ(found->defects, std::vector<std::string>());
  }
  void write(const model::FirewallPolicy& policy) { firewall_.write(policy); }
  void remove() { firewall_.remove(docker_host()); }

  static std::string rules() {
    return tests::sh("for t in raw nat filter; do iptables-legacy -t $t -S; done");
  }

  tests::Applied firewall_;
};

}  // namespace overland::firewall
