// What is told of foreign rules is what they do to packets, and each remedy helps.

#include <gmock/gmock.h>

#include "firewall/trace/droppers.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/legacy_scene.h"

namespace overland::firewall::trace {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using tests::sh;

class TracePackets : public LegacyScene {
 protected:
  void SetUp() override {
    LegacyScene::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    raise_network();
    start_docker();
    write(docker_host());
    // What connection tracking remembers of the pings before would let those after through.
    sh("iptables-legacy -D FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j "
       "ACCEPT");
  }
  static std::vector<model::Finding> conflicts() {
    auto found = find_droppers(docker_host());
    std::erase_if(found,
                  [](const auto& one) { return one.severity != model::Severity::kConflict; });
    return found;
  }
  static bool passes() { return ping("peer", "192.168.100.2", "192.168.200.2"); }
};

TEST_F(TracePackets, WhatIsNamedDropsAndItsRemedyHelps) {
  ASSERT_TRUE(passes());
  ASSERT_THAT(conflicts(), IsEmpty());
  const char* const harm[] = {
      "iptables-legacy -t mangle -A PREROUTING -j CONNMARK --restore-mark",
      "iptables-legacy -t mangle -A FORWARD -j MARK --set-mark 7",
      "iptables-legacy -t mangle -A FORWARD -s 192.168.200.0/24 -j DROP",
      "iptables-nft -t raw -A PREROUTING -s 192.168.0.0/16 -j DROP",
      "iptables-nft -t mangle -A PREROUTING -j MARK --set-mark 7",
      ("nft 'table inet t { chain c { type filter hook prerouting priority -150; meta l4proto icmp "
       "meta mark set ct mark\n}; }'"),
      "nft 'table ip t { chain c { type filter hook postrouting priority 0; policy drop; }; }'",
      ("nft 'table netdev t { chain c { type filter hook ingress device eth0 priority 0; ip saddr "
       "192.168.200.0/24 drop\n}; }'"),
      ("nft 'table inet t { chain c { type filter hook ingress device eth0 priority 0; ip saddr "
       "192.168.200.0/24 counter drop\n}; }'"),
      ("nft 'table netdev t { chain c { type filter hook egress device docker0 priority 0; ip "
       "daddr 192.168.100.0/24 drop\n}; }'")};
  for (const char* rule : harm) {
    sh(rule);
    EXPECT_FALSE(passes()) << rule;
    const auto found = conflicts();
    ASSERT_THAT(found, SizeIs(1)) << rule;
    const std::string& remedy = found[0].remedy;
    ASSERT_NE(remedy.find(": "), std::string::npos) << remedy;
    sh(remedy.substr(remedy.rfind(": ") + 2));
    EXPECT_THAT(conflicts(), IsEmpty()) << remedy;
    EXPECT_TRUE(passes()) << remedy;
    sh("for kind in legacy nft; do iptables-$kind -t mangle -F; done; iptables-nft -t raw -F;"
       "for one in ip inet netdev; do nft delete table $one t 2>/dev/null; done; true");
  }
}

TEST_F(TracePackets, WhatIsNotNamedPasses) {
  const char* const harmless[] = {
      "iptables-legacy -t mangle -A PREROUTING -j MARK --set-xmark 0x7/0xff",
      "iptables-legacy -t mangle -A FORWARD -i eth1 -j DROP",
      "iptables-legacy -t raw -A PREROUTING -j DROP",  // below our accept
      ("nft 'table ip t { chain c { type filter hook prerouting priority -300; meta mark set ct "
       "mark\n}; }'")};
  for (const char* rule : harmless) {
    sh(rule);
    EXPECT_THAT(conflicts(), IsEmpty()) << rule;
    EXPECT_TRUE(passes()) << rule;
  }
}

}  // namespace
}  // namespace overland::firewall::trace
