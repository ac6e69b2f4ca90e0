#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/unique_fd.h"
#include "netns/kernel/tunnel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::LinkTable;
using kernel::NeighbourTable;
using model::InterfaceAddress;
using model::Link;
using Tunnels = TunnelSandbox;

base::Error refused(const plan::LinkStep& step) {
  try {
    LinkTable().apply(step);
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {base::ErrorKind::kFailure, ""};
}

unsigned index() { return ::if_nametoindex("vxlan.ovl"); }

TEST_F(Tunnels, MakesOneReadsItBackAndRemovesIt) {
  EXPECT_TRUE(LinkTable().makes_vxlan());
  LinkTable().apply({std::nullopt, tunnel()});
  EXPECT_EQ(links(), std::vector{tunnel()});
  const std::string shown = sh("ip -d link show vxlan.ovl");
  for (const char* part : {"vxlan id 111", "local 10.9.0.1", "dstport 4789", "nolearning",
                           "mtu 1450", "02:6f:0a:09:00:01", "alias overland", "group default"}) {
    EXPECT_NE(shown.find(part), std::string::npos) << part << " is not in " << shown;
  }
  EXPECT_EQ(shown.find(" dev "), std::string::npos) << shown;
  const std::string closed = "/proc/sys/net/ipv6/conf/vxlan.ovl/disable_ipv6";
  EXPECT_NE(sh("cat " + closed + " || test ! -e /proc/sys/net/ipv6"), "0\n");
  LinkTable().apply({tunnel(), std::nullopt});
  EXPECT_TRUE(links().empty());
}

TEST_F(Tunnels, ARouteByItHasItsLinkAndAPlainOneHasNone) {
  stand();
  const auto plain = route("192.168.120.0/24", {"10.9.0.7"});
  auto wanted = routes_;
  wanted.push_back(plain);
  lead(wanted);
  EXPECT_EQ(routes(), wanted);
  EXPECT_NE(sh("ip route show 192.168.112.0/24").find("via 10.2.0.12 dev vxlan.ovl proto"),
            std::string::npos);
  // From the tunnel to the router and back.
  wanted[0] = route("192.168.112.0/24", {"10.9.0.7"});
  wanted[3] = tunnel_route("192.168.120.0/24", "10.2.0.12");
  lead(wanted);
  EXPECT_EQ(routes(), wanted);
  lead({});
  EXPECT_TRUE(routes().empty());
}

TEST_F(Tunnels, MtuAndAddressChangeInPlace) {
  stand();
  const unsigned before = index();
  Link next = tunnel();
  next.vxlan->mtu = 8950;
  next.address = InterfaceAddress::parse("192.168.105.1/32").value();
  LinkTable().apply({tunnel(), next});
  EXPECT_EQ(links(), std::vector{next});
  EXPECT_EQ(index(), before);
  EXPECT_EQ(peers(), peers_);
  EXPECT_EQ(routes(), routes_);
}

TEST_F(Tunnels, OneMadeAnewKeepsPeersAndRoutes) {
  stand();
  const unsigned before = index();
  Link next = tunnel(112, 8472);
  sh("ip address add 10.9.0.2/16 dev lan");
  next.vxlan->local = address("10.9.0.2");
  LinkTable().apply({tunnel(), next});
  EXPECT_EQ(links(), std::vector{next});
  EXPECT_NE(index(), before);
  EXPECT_EQ(peers(), peers_);
  EXPECT_EQ(routes(), routes_);
}

TEST_F(Tunnels, IsRepairedWhateverWasDoneToIt) {
  stand();
  sh("ip link add br0 type bridge");
  for (const char* damage :
       {"ip link del vxlan.ovl", "ip link set vxlan.ovl down", "ip link set vxlan.ovl mtu 1300",
        "ip link set vxlan.ovl address 02:00:00:00:00:01",
        "ip link set vxlan.ovl type vxlan learning", "ip address flush dev vxlan.ovl",
        "ip address add 10.2.0.1/16 dev vxlan.ovl", "ip link set vxlan.ovl master br0",
        "ip link set vxlan.ovl type vxlan id 111 ttl 3",
        "ip link set vxlan.ovl type vxlan l2miss"}) {
    SCOPED_TRACE(damage);
    if (base::run("/bin/sh", {"-c", damage}).status != 0) continue;  // not of this kernel, or ip
    const auto found = links();
    EXPECT_NE(found, std::vector{tunnel()});
    const auto from = found.empty() ? std::nullopt : std::optional(found.front());
    LinkTable().apply({from, tunnel()});
    reach(peers_);
    lead(routes_);
    expect_whole();
  }
}

TEST_F(Tunnels, FinishesOneWhoseMakingWasCutShort) {
  sh("ip link add vxlan.ovl address 02:6f:0a:09:00:01 mtu 1450 group 1870031972 type vxlan id 111 "
     "local 10.9.0.1 dstport 4789 nolearning");
  const auto found = links();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].up);
  LinkTable().apply({found[0], tunnel()});
  EXPECT_EQ(links(), std::vector{tunnel()});
}

// Rules ask for the new one's packets by now, and nobody's for the old one's.
TEST_F(Tunnels, WhereAnotherCannotBeMadeTheOldOneIsGone) {
  stand();
  sh("ip link add other type vxlan id 112 local 10.9.0.1 dstport 4789");
  const base::Error error = refused({tunnel(), tunnel(112)});
  EXPECT_EQ(error.errno_value(), EEXIST);
  EXPECT_STREQ(error.what(),
               "cannot make tunnel vxlan.ovl: link other has VNI 112 on UDP port 4789; write "
               "another vni in [tunnel]");
  EXPECT_TRUE(links().empty());
}

// The kernel keeps its number where it was made.
TEST_F(Tunnels, OneThatWasMovedAwayIsLookedForElsewhere) {
  stand();
  sh("ip netns add away; ip link set vxlan.ovl netns away");
  const std::string said = refused({std::nullopt, tunnel()}).what();
  EXPECT_EQ(said.find("link of another network namespace has VNI 111 on UDP port 4789; if it was "
                      "moved there, remove it (ip -all netns exec"),
            std::string("cannot make tunnel vxlan.ovl: a ").size())
      << said;
  sh("ip -n away link delete vxlan.ovl");
  LinkTable().apply({std::nullopt, tunnel()});
  EXPECT_EQ(links(), std::vector{tunnel()});
}

TEST_F(Tunnels, APortInUseIsSaidAndNothingIsLeft) {
  const base::UniqueFd taken(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in port = {};
  port.sin_family = AF_INET;
  port.sin_port = htons(4790);
  ASSERT_EQ(::bind(taken.get(), reinterpret_cast<sockaddr*>(&port), sizeof port), 0);
  const base::Error error = refused({std::nullopt, tunnel(111, 4790)});
  EXPECT_EQ(error.errno_value(), EADDRINUSE);
  EXPECT_NE(std::string(error.what()).find("UDP port 4790 is in use by another program"),
            std::string::npos);
  EXPECT_TRUE(links().empty());
}

TEST_F(Tunnels, OneOfTheNameThatIsNotOursIsLeftAlone) {
  sh("ip link add vxlan.ovl type vxlan id 5 local 10.9.0.1 dstport 4789; ip link set vxlan.ovl up;"
     "bridge fdb add 02:6f:0a:02:00:0c dev vxlan.ovl dst 10.2.0.12 self permanent;"
     "ip neigh add 10.2.0.12 lladdr 02:6f:0a:02:00:0c dev vxlan.ovl nud permanent");
  const std::string before = shown();
  EXPECT_TRUE(links().empty());
  EXPECT_TRUE(peers().empty());
  EXPECT_EQ(refused({std::nullopt, tunnel()}).errno_value(), EEXIST);
  const std::vector<plan::NeighbourStep> steps = {{std::nullopt, peer("10.2.0.13")},
                                                  {peer("10.2.0.12"), std::nullopt}};
  const auto outcomes = NeighbourTable().apply(steps);
  ASSERT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[0]->errno_value(), ENODEV);
  EXPECT_FALSE(outcomes[1]);
  LinkTable().apply({tunnel(), std::nullopt});
  EXPECT_EQ(shown(), before);
}

TEST_F(Tunnels, StandsWhateverBecomesOfTheLinkBelow) {
  stand();
  const auto plain = route("192.168.120.0/24", {"10.9.0.7"});
  auto both = routes_;
  both.push_back(plain);
  lead(both);
  sh("ip link set lan down; ip link set lan up");
  expect_whole();  // the plain one is lost
  sh("ip link del lan");
  expect_whole();
}

}  // namespace
}  // namespace overland::tests
