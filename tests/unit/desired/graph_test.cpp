// Golden texts of `overland graph`.

#include "desired/graph.h"

#include <gtest/gtest.h>

#include <sstream>

#include "unit/desired/campus.h"

namespace overland {
namespace {

using desired::Mark;
using namespace tests;

constexpr const char* kSmall = R"(
version = 1
[cluster]
name = "small"
[[segment]]
name = "left"
subnet = "172.16.10.0/24"
vlan = 100
[[segment]]
name = "right"
subnet = "172.16.20.0/24"
[[host]]
name = "a"
address = "172.16.10.10"
bip = "192.168.1.1/24"
[[host]]
name = "r"
router = true
address = ["172.16.10.1", "172.16.20.1"]
)";

TEST(DrawDot, SegmentsAreClustersAndRoutersDiamonds) {
  EXPECT_EQ(desired::draw_dot(load(kSmall)),
            R"(graph "small" {
  graph [fontname="sans-serif", rankdir=LR, ranksep=0.9, style=rounded];
  node [fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  subgraph cluster_0 {
    label="left\n172.16.10.0/24, VLAN 100";
    s0 [shape=point, width=0.08, label=""];
    h0 [label="a\n192.168.1.0/24", shape=box];
  }
  subgraph cluster_1 {
    label="right\n172.16.20.0/24";
    s1 [shape=point, width=0.08, label=""];
  }
  h1 [label="r", shape=diamond];
  h0 -- s0 [label="172.16.10.10"];
  s0 -- h1 [label="172.16.10.1"];
  s1 -- h1 [label="172.16.20.1"];
}
)");
}

TEST(DrawMermaid, SegmentsAreSubgraphsAndRoutersDiamonds) {
  EXPECT_EQ(desired::draw_mermaid(load(kSmall)),
            R"(flowchart LR
  subgraph s0["left<br/>172.16.10.0/24, VLAN 100"]
    w0(( ))
    h0["a<br/>192.168.1.0/24"]
  end
  subgraph s1["right<br/>172.16.20.0/24"]
    w1(( ))
  end
  h1{"r"}
  h0 ---|"172.16.10.10"| w0
  w0 ---|"172.16.10.1"| h1
  w1 ---|"172.16.20.1"| h1
)");
}

TEST(Draw, LabelsAreEscaped) {
  auto inventory = load(kSmall);
  inventory.cluster.name = "a\"b\\c\nd";
  inventory.hosts[0].name = R"(x"];<b>&#`\N)";
  const auto dot = desired::draw_dot(inventory);
  EXPECT_NE(dot.find(R"(graph "a\"b\\c d" {)"), std::string::npos) << dot;
  EXPECT_NE(dot.find(R"(label="x\"];<b>&#`\\N\n192.168.1.0/24")"), std::string::npos) << dot;
  const auto mermaid = desired::draw_mermaid(inventory);
  EXPECT_NE(mermaid.find("h0[\"x#quot;];#lt;b#gt;#amp;#35;#96;\\N<br/>192.168.1.0/24\"]"),
            std::string::npos)
      << mermaid;
}

TEST(Draw, DriftIsColoured) {
  const auto inventory = load(kSmall);
  const desired::Marks marks = {1, {Mark::kDrift, Mark::kOk}, {Mark::kNone, Mark::kDrift}};
  const auto dot = desired::draw_dot(inventory, marks);
  EXPECT_NE(dot.find("shape=box, color=\"#cf222e\""), std::string::npos) << dot;
  EXPECT_NE(dot.find("shape=diamond, penwidth=2.5, color=\"#1a7f37\""), std::string::npos) << dot;
  EXPECT_NE(dot.find("pencolor=\"#cf222e\""), std::string::npos) << dot;
  const auto mermaid = desired::draw_mermaid(inventory, marks);
  EXPECT_NE(mermaid.find("  class h1 ok\n  class h0 drift\n  class s1 drift\n  class h1 self\n"),
            std::string::npos)
      << mermaid;
}

TEST(Draw, WhatNobodyCanTellIsColouredApart) {
  const desired::Marks marks = {0, {Mark::kDoubt, Mark::kOk}, {Mark::kDoubt, Mark::kOk}};
  const auto dot = desired::draw_dot(load(kSmall), marks);
  EXPECT_NE(dot.find("penwidth=2.5, color=\"#9a6700\""), std::string::npos) << dot;
  EXPECT_NE(dot.find("pencolor=\"#9a6700\""), std::string::npos) << dot;
  const auto mermaid = desired::draw_mermaid(load(kSmall), marks);
  EXPECT_NE(mermaid.find("  class h0 doubt\n"), std::string::npos) << mermaid;
}

/// The lines of a drawing that are about tunnels.
std::string tunnels_of(const std::string& drawing) {
  std::string result;
  std::istringstream lines(drawing);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("tunnel") != std::string::npos) result += line + "\n";
  }
  return result;
}

/// Two sites with so many hosts each.
inventory::Inventory sites(int count, int hosts) {
  std::string text = "version = 1\n[tunnel]\ntype = \"vxlan\"\n";
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    text += "[[segment]]\nname = \"s" + number + "\"\nsubnet = \"10." + number + ".0.0/24\"\n";
    for (int j = 1; j <= hosts; ++j) {
      const std::string host = std::to_string(j);
      text += "[[host]]\nname = \"h" + number + "-" + host + "\"\naddress = \"10." + number +
              ".0." + host + "\"\nbip = \"192." + number + "." + host + ".1/24\"\n";
    }
  }
  return load(text);
}

TEST(DrawDot, FewTunnelsAreBetweenHosts) {
  EXPECT_EQ(tunnels_of(desired::draw_dot(sites(2, 1))),
            "  h0 -- h1 [label=\"tunnel\", style=dashed, penwidth=2, constraint=false];\n");
  EXPECT_EQ(tunnels_of(desired::draw_dot(load(kSmall))), "");
}

TEST(DrawDot, MoreTunnelsAreBetweenSites) {
  EXPECT_EQ(tunnels_of(desired::draw_dot(sites(2, 5))),
            "  s0 -- s1 [label=\"25 tunnels\", style=dashed, penwidth=2, constraint=false];\n");
}

TEST(DrawDot, ManySitesMeetInACloud) {
  const auto drawn = desired::draw_dot(sites(6, 2));
  EXPECT_NE(drawn.find("tunnels [label=\"60 tunnels\\nVNI 111\", shape=ellipse"),
            std::string::npos);
  EXPECT_NE(drawn.find("  s5 -- tunnels [label=\"2 hosts\""), std::string::npos);
}

TEST(DrawMermaid, TunnelsAreDashed) {
  EXPECT_EQ(tunnels_of(desired::draw_mermaid(sites(2, 1))), "  h0 -.-|\"tunnel\"| h1\n");
  EXPECT_EQ(tunnels_of(desired::draw_mermaid(sites(2, 5))), "  w0 -.-|\"25 tunnels\"| w1\n");
  EXPECT_NE(desired::draw_mermaid(sites(6, 2)).find("  w5 -.-|\"2 hosts\"| tunnels\n"),
            std::string::npos);
}

}  // namespace
}  // namespace overland
