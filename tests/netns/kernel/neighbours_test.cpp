#include "kernel/neighbours.h"

#include <poll.h>

#include <algorithm>

#include "kernel/events.h"
#include "netns/kernel/tunnel_sandbox.h"

namespace overland::tests {
namespace {

using host::Part;
using host::Parts;
using kernel::KernelEvents;
using kernel::NeighbourTable;
using model::Neighbour;

class Peers : public TunnelSandbox {
 protected:
  void SetUp() override {
    TunnelSandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    stand();
  }
};

TEST_F(Peers, AreTwoEntriesEach) {
  EXPECT_EQ(shown(),
            "10.2.0.12 lladdr 02:6f:0a:02:00:0c PERMANENT proto 111 \n"
            "10.2.0.13 lladdr 02:6f:0a:02:00:0d PERMANENT proto 111 \n"
            "10.3.0.14 lladdr 02:6f:0a:03:00:0e PERMANENT proto 111 \n"
            "02:6f:0a:02:00:0c dst 10.2.0.12 self permanent\n"
            "02:6f:0a:02:00:0d dst 10.2.0.13 self permanent\n"
            "02:6f:0a:03:00:0e dst 10.3.0.14 self permanent\n");
  reach({});
  EXPECT_EQ(shown(), "");
}

TEST_F(Peers, AreRepairedWhateverWasDoneToThem) {
  const std::string whole = shown();
  const std::uint64_t sum = kernel::neighbours_sum(7);
  for (const char* damage :
       {"ip neigh del 10.2.0.12 dev vxlan.ovl", "ip neigh flush dev vxlan.ovl nud permanent",
        "ip neigh replace 10.2.0.12 lladdr 02:6f:0a:02:00:0d dev vxlan.ovl nud permanent",
        "ip neigh replace 10.2.0.12 lladdr 00:11:22:33:44:55 dev vxlan.ovl nud permanent",
        "ip neigh replace 10.2.0.12 lladdr 02:6f:0a:02:00:0c dev vxlan.ovl nud reachable",
        "ip neigh add 10.2.0.99 lladdr 02:6f:0a:02:00:63 dev vxlan.ovl nud permanent",
        "bridge fdb del 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 self",
        "bridge fdb replace 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.9.9.9 self permanent",
        "bridge fdb replace 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.13 self permanent",
        "bridge fdb replace 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 port 99 self permanent",
        "bridge fdb replace 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 vni 7 self permanent",
        "bridge fdb replace 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 self dynamic",
        "bridge fdb append 00:00:00:00:00:00 dev vxlan.ovl dst 10.9.9.9 self permanent",
        "bridge fdb add 02:6f:0a:02:00:63 dev vxlan.ovl dst 10.2.0.99 self permanent",
        "bridge fdb add 02:6f:0a:02:00:63 dev vxlan.ovl dst fe80::1 self permanent"}) {
    SCOPED_TRACE(damage);
    if (base::run("/bin/sh", {"-c", damage}).status != 0) continue;  // not of this kernel, or ip
    EXPECT_NE(peers(), peers_);
    EXPECT_NE(kernel::neighbours_sum(7), sum);
    reach(peers_);
    EXPECT_EQ(peers(), peers_);
    EXPECT_EQ(shown(), whole);
    EXPECT_EQ(kernel::neighbours_sum(7), sum);
  }
}

TEST_F(Peers, AnsweredByNobodyAreNoDamage) {
  // A stray next hop: the kernel asks in vain, and notes that.
  sh("ip route add 192.168.130.0/24 via 10.2.0.99 dev vxlan.ovl onlink;"
     "ping -c1 -W1 192.168.130.1 >/dev/null || true");
  EXPECT_EQ(peers(), peers_);
}

TEST_F(Peers, NeighboursOfOtherLinksAreNobodysBusiness) {
  sh("ip neigh add 10.2.0.12 lladdr 02:00:00:00:00:07 dev lan nud permanent;"
     "ip link add v7 type vxlan id 7 local 10.9.0.1 dstport 4789;"
     "bridge fdb add 02:6f:0a:02:00:63 dev v7 dst 10.2.0.99 self permanent");
  EXPECT_EQ(peers(), peers_);
  reach({});
  EXPECT_NE(sh("ip neigh show dev lan").find("10.2.0.12"), std::string::npos);
  EXPECT_NE(sh("bridge fdb show dev v7").find("10.2.0.99"), std::string::npos);
}

TEST_F(Peers, TenThousand) {
  std::vector<Neighbour> many;
  for (unsigned i = 0; i < 10'000; ++i) {
    many.push_back(peer("10.7." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250)));
  }
  std::sort(many.begin(), many.end());
  reach(many);
  EXPECT_EQ(peers(), many);
  sh("ip neigh flush dev vxlan.ovl nud permanent");
  reach(many);
  EXPECT_EQ(peers(), many);
  reach({});
  EXPECT_TRUE(peers().empty());
}

TEST_F(Peers, WhoseEntriesSomebodyChangesAreTold) {
  KernelEvents events;
  sh("ip neigh del 10.2.0.12 dev vxlan.ovl");
  EXPECT_FALSE(events.drain().any());  // it was not told of a tunnel yet
  EXPECT_TRUE(events.follow_tunnel());
  EXPECT_FALSE(events.follow_tunnel());
  for (const char* change :
       {"ip neigh replace 10.2.0.12 lladdr 02:6f:0a:02:00:0c dev vxlan.ovl nud permanent",
        "ip neigh del 10.2.0.12 dev vxlan.ovl",
        "bridge fdb del 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 self",
        "bridge fdb replace 02:6f:0a:02:00:0d dev vxlan.ovl dst 10.9.9.9 self permanent"}) {
    SCOPED_TRACE(change);
    sh(change);
    EXPECT_EQ(events.drain(), Parts(Part::kNeighbours));
    EXPECT_EQ(events.lost(), std::vector<model::Route>());
  }
  sh("ip route del 192.168.112.0/24");
  EXPECT_EQ(events.drain(), Parts(Part::kRoutes));
  EXPECT_EQ(events.lost(), std::vector{routes_[0]});
}

TEST_F(Peers, OfOtherLinksAndOurOwnWorkTellNothing) {
  KernelEvents events;
  events.follow_tunnel();
  sh("ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev lan nud permanent;"
     "ip neigh del 10.9.0.7 dev lan; ip neigh flush dev lan");
  pollfd one = {events.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&one, 1, 0), 0);
  events.without_hearing([] { reach({}); });
  EXPECT_FALSE(events.drain().any());
  sh("ip neigh add 10.2.0.12 lladdr 02:00:00:00:00:07 dev vxlan.ovl nud permanent");
  EXPECT_EQ(events.drain(), Parts(Part::kNeighbours));
}

TEST_F(Peers, OfATunnelMadeAnewAreTold) {
  KernelEvents events;
  events.follow_tunnel();
  events.without_hearing([] { kernel::LinkTable().apply({tunnel(), tunnel(112)}); });
  events.drain();
  EXPECT_TRUE(events.follow_tunnel());
  sh("ip neigh del 10.2.0.12 dev vxlan.ovl");
  EXPECT_EQ(events.drain(), Parts(Part::kNeighbours));
  kernel::LinkTable().apply({tunnel(112), std::nullopt});
  EXPECT_TRUE(events.follow_tunnel());
}

}  // namespace
}  // namespace overland::tests
