// Ways by tunnel, as `overland explain` tells them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desired/path.h"
#include "unit/desired/two_sites.h"
#include "unit/desired/way.h"

namespace overland {
namespace {

using namespace tests;
using desired::find_endpoint;
using desired::find_path;
using testing::HasSubstr;

std::string explain(const inventory::Inventory& inventory, const char* source,
                    const char* destination) {
  const auto from = find_endpoint(inventory, source);
  const auto to = find_endpoint(inventory, destination, from);
  const auto there = find_path(inventory, from, to);
  return render_path(inventory, from, to, there, find_path(inventory, to, seen_as(from, there)));
}

TEST(ExplainTunnel, ContainerToContainer) {
  EXPECT_EQ(
      explain(load(two_sites("mtu = 1400")), "192.168.11.2", "192.168.21.3"),
      "container 192.168.11.2 on n1 to container 192.168.21.3 on s1\n"
      "\n"
      "  1  192.168.11.2 -> 192.168.11.1 (n1)  over bridge docker0\n"
      "       the bridge's address is a container's default gateway\n"
      "  2  n1           -> 10.2.0.11 (s1)  over tunnel vxlan.ovl\n"
      "       192.168.21.0/24 is the bridge subnet of s1; it shares no segment with n1, and no "
      "router of the inventory connects them\n"
      "       by tunnel, VNI 111, outer 10.1.0.11 -> 10.2.0.11, UDP port 4789, MTU 1350 or "
      "less\n"
      "  3  s1           -> 192.168.21.3  over bridge docker0\n"
      "       it lies in the host's own bridge subnet\n"
      "\n"
      "It arrives with the source address 192.168.11.2.\n"
      "The way back is the same.\n");
}

TEST(ExplainTunnel, WithinASiteThereIsNone) {
  EXPECT_EQ(way(load(two_sites()), "192.168.11.2", "192.168.12.2"),
            "192.168.11.2>n1>n2>192.168.12.2");
  EXPECT_THAT(explain(load(two_sites()), "n1", "n2"), Not(HasSubstr("tunnel")));
}

TEST(ExplainTunnel, AHostSendsWithItsBipToThatOfAHost) {
  const auto text = explain(load(two_sites()), "n1", "s2");
  EXPECT_THAT(text, HasSubstr("n1 (10.1.0.11) to s2 (192.168.22.1)"));
  EXPECT_THAT(text, HasSubstr("over tunnel vxlan.ovl"));
  EXPECT_THAT(text, HasSubstr("MTU 50 below that of the link with 10.1.0.11"));
  EXPECT_THAT(text, HasSubstr("It arrives with the source address 192.168.11.1.\n"
                              "The way back is the same."));
}

TEST(ExplainTunnel, AHostReachesContainersAtTheOtherSite) {
  const auto text = explain(load(two_sites()), "n1", "192.168.22.7");
  EXPECT_THAT(text, HasSubstr("It arrives with the source address 192.168.11.1."));
}

TEST(ExplainTunnel, AContainerReachesTheOtherHostItselfMasqueraded) {
  const auto text = explain(load(two_sites()), "192.168.11.2", "10.2.0.11");
  EXPECT_THAT(text, HasSubstr("over the network between them"));
  EXPECT_THAT(text, HasSubstr("It arrives with an address of n1, which masquerades it.\n"
                              "The way back is the same."));
}

TEST(ExplainTunnel, WhoHasNoneIsStuck) {
  const auto inventory =
      load(two_sites() + "[[host]]\nname = \"plain\"\naddress = \"10.2.0.77\"\n");
  EXPECT_THAT(way(inventory, "plain", "192.168.11.2"), HasSubstr("stuck"));
  EXPECT_EQ(way(inventory, "n1", "plain"), "n1>plain");  // as without overland
  EXPECT_THAT(explain(inventory, "192.168.11.2", "plain"), HasSubstr("an address of n1"));
}

TEST(ExplainTunnel, AlwaysSaysSo) {
  auto text = two_sites("always = true") +
              "[[host]]\nname = \"r\"\nrouter = true\naddress = [\"10.1.0.1\", \"10.2.0.1\"]\n";
  EXPECT_EQ(way(load(text), "192.168.11.2", "192.168.21.2"), "192.168.11.2>n1>s1>192.168.21.2");
  EXPECT_THAT(explain(load(text), "192.168.11.2", "192.168.21.2"), HasSubstr("[tunnel] is always"));
  text.replace(text.find("always = true"), 13, "");
  EXPECT_EQ(way(load(text), "192.168.11.2", "192.168.21.2"), "192.168.11.2>n1>r>s1>192.168.21.2");
}

}  // namespace
}  // namespace overland
