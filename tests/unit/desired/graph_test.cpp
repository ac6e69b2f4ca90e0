// Golden texts of `overland graph`.

#include "desired/graph.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace overland
