// The topology in the language of Graphviz.

#include "desired/graph.h"
#include "desired/graph_tunnels.h"

namespace overland::desired {
namespace {

using inventory::Inventory;

/// A quoted string of the DOT language. Graphviz reads \N, \G and the like as escapes as well, so
/// every backslash is doubled; lines are joined by \n.
std::string quoted(const std::vector<std::string>& lines) {
  std::string text = "\"";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\\n";
    for (const char c : lines[i]) {
      if (c == '"' || c == '\\') text += '\\';
      text += c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return text + "\"";
}

/// The colours also differ in lightness and come with a line style, for those who cannot tell them.
std::string paint(Mark mark, bool self) {
  std::string text = self ? ", penwidth=2.5" : "";
  if (mark == Mark::kOk) text += R"(, color="#1a7f37")";
  if (mark == Mark::kDoubt) text += R"(, color="#9a6700", fontcolor="#9a6700", style="dotted")";
  if (mark == Mark::kDrift) text += R"(, color="#cf222e", fontcolor="#cf222e", style="dashed")";
  return text;
}

std::string node(const Inventory& inventory, const Marks& marks, std::size_t index,
                 const std::string& indent) {
  const auto& host = inventory.hosts[index];
  return indent + "h" + std::to_string(index) + " [label=" + quoted(host_lines(inventory, host)) +
         ", shape=" + (host.router ? "diamond" : "box") +
         paint(mark_of(marks.hosts, index), marks.self == index) + "];\n";
}

std::string cluster(const Inventory& inventory, const Marks& marks, std::size_t index,
                    const std::vector<std::size_t>& members) {
  const std::string number = std::to_string(index);
  std::string text = "  subgraph cluster_" + number +
                     " {\n    label=" + quoted(segment_lines(inventory.segments[index])) + ";\n";
  const Mark mark = mark_of(marks.segments, index);
  if (mark == Mark::kOk) text += "    pencolor=\"#1a7f37\";\n";
  if (mark == Mark::kDoubt) text += "    pencolor=\"#9a6700\"; fontcolor=\"#9a6700\";\n";
  if (mark == Mark::kDrift) text += "    pencolor=\"#cf222e\"; fontcolor=\"#cf222e\";\n";
  text += "    s" + number + " [shape=point, width=0.08, label=\"\"];\n";
  for (const std::size_t host : members) text += node(inventory, marks, host, "    ");
  return text + "  }\n";
}

std::string tunnels(const Inventory& inventory) {
  using Kind = TunnelDrawing::Kind;
  const auto drawing = tunnel_drawing(inventory);
  std::string text;
  if (drawing.kind == Kind::kCloud) {
    text += "  tunnels [label=" + quoted(drawing.cloud) + ", shape=ellipse, style=dashed];\n";
  }
  const char* const end = drawing.kind == Kind::kHosts ? "h" : "s";
  for (const auto& [one, other, label] : drawing.edges) {
    const std::string to =
        drawing.kind == Kind::kCloud ? std::string("tunnels") : end + std::to_string(other);
    text += std::string("  ") + end + std::to_string(one) + " -- " + to +
            " [label=" + quoted(label) + ", style=dashed, penwidth=2, constraint=false];\n";
  }
  return text;
}

}  // namespace

std::string draw_dot(const Inventory& inventory, const Marks& marks) {
  const std::string& name = inventory.cluster.name;
  std::string text = "graph " + quoted({name.empty() ? "overland" : name}) +
                     " {\n"
                     "  graph [fontname=\"sans-serif\", rankdir=LR, ranksep=0.9, style=rounded];\n"
                     "  node [fontname=\"sans-serif\"];\n"
                     "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  std::vector<std::vector<std::size_t>> members(inventory.segments.size());
  std::string nodes;
  std::string edges;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const auto& host = inventory.hosts[i];
    const auto home = home_segment(host);
    if (home) {
      members[*home].push_back(i);
    } else {
      nodes += node(inventory, marks, i, "  ");
    }
    for (const auto& [address, segment] : host.addresses) {
      const std::string self = "h" + std::to_string(i);
      const std::string wire = "s" + std::to_string(segment);
      // From left to right: hosts, their wires, what joins the wires.
      edges += "  " + (home ? self + " -- " + wire : wire + " -- " + self) +
               " [label=" + quoted({address.to_string()}) + "];\n";
    }
    for (const auto& [segment, names] : wires_of_containers(inventory, host)) {
      edges += "  h" + std::to_string(i) + " -- s" + std::to_string(segment) +
               " [label=" + quoted(names) + ", style=dashed];\n";
    }
  }
  for (std::size_t i = 0; i < members.size(); ++i) text += cluster(inventory, marks, i, members[i]);
  return text + nodes + edges + tunnels(inventory) + "}\n";
}

}  // namespace overland::desired
