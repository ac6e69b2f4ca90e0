#pragma once
// A host with a bridge br0 (192.168.100.1/24) and a link eth0 (10.0.0.1/16), and behind that link
// one namespace that is all the peers: peer i has 10.0.i / 250 + 1.i % 250 + 1 and the bridge
// subnet 10.(100 + i / 250).(i % 250).0/24.

#include <signal.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "kernel/links.h"
#include "netns/sandbox.h"
#include "probe/round.h"

namespace overland::tests {

inline model::Address at(const std::string& text) { return *model::Address::parse(text); }

class ProbeSandbox : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip netns add peers; echo 1 > /proc/sys/net/ipv4/ip_forward;"
       "ip link add br0 type bridge; ip address add 192.168.100.1/24 dev br0; ip link set br0 up;"
       "ip link add eth0 type veth peer name eth0 netns peers;"
       "ip address add 10.0.0.1/16 dev eth0; ip link set eth0 up;"
       "ip netns exec peers sh -c 'ip link set lo up; ip link set eth0 up;"
       "  ip route add 192.168.100.0/24 via 10.0.0.1 dev eth0 onlink;"
       "  ip route add 10.0.0.1/32 dev eth0; echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter'");
  }

  static std::string host_address(int index) {
    return "10.0." + std::to_string(index / 250 + 1) + "." + std::to_string(index % 250 + 1);
  }
  static std::string subnet(int index, const std::string& last) {
    return "10." + std::to_string(100 + index / 250) + "." + std::to_string(index % 250) + "." +
           last;
  }
  static probe::Peer peer(int index) {
    probe::Peer result;
    result.name = "peer" + std::to_string(index);
    result.hosts = {at(host_address(index))};
    result.subnets = {*model::Prefix::parse(subnet(index, "0/24"))};
    result.bridges = {at(subnet(index, "1"))};
    result.containers = probe::likely_containers(result.subnets.front(), result.bridges.front());
    return result;
  }

  /// Peers 0 … count - 1 with their routes here; of every two the second is not there where `half`.
  static std::vector<probe::Peer> raise(int count, bool half = false) {
    std::string here;
    std::string there;
    std::vector<probe::Peer> result;
    for (int i = 0; i < count; ++i) {
      result.push_back(peer(i));
      here += "route add " + subnet(i, "0/24") + " via " + host_address(i) + "\n";
      if (half && i % 2 == 1) continue;
      // All of the subnet is the namespace's own: each of its containers answers.
      there += "address add " + host_address(i) + "/32 dev eth0\nroute add local " +
               subnet(i, "0/24") + " dev lo\n";
    }
    sh("ip -batch - <<'END'\n" + here + "END\nip -n peers -batch - <<'END'\n" + there + "END\n");
    return result;
  }

  static model::LinkFacts link(const std::string& name) {
    for (const auto& one : kernel::LinkTable().facts()) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no link " << name;
    return {};
  }
  static probe::Stand own_space(const probe::BridgeUse& use = {}) {
    const auto bridge = link("br0");
    for (const auto& address : bridge.addresses) {
      if (address.address == at("192.168.100.1")) {
        return probe::in_own_space(bridge, address, use);
      }
    }
    ADD_FAILURE() << "no address on br0";
    return {};
  }
  static std::vector<probe::Evidence> ask(const probe::Stand& stand,
                                          const std::vector<probe::Peer>& peers,
                                          const probe::RoundOptions& options = {}) {
    return probe::ask(stand, peers, kernel::LinkTable().facts(), options);
  }
};

}  // namespace overland::tests
