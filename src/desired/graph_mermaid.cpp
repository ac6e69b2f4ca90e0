// The topology in the language of Mermaid.

#include <utility>

#include "desired/graph.h"
#include "desired/graph_tunnels.h"

namespace overland::desired {
namespace {

using inventory::Inventory;

/// A quoted label. Mermaid takes no backslashes but entity codes (#quot;), and lines by <br/>.
std::string quoted(const std::vector<std::string>& lines) {
  std::string text = "\"";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "<br/>";
    for (const char c : lines[i]) {
      switch (c) {
        case '"':
          text += "#quot;";
          break;
        case '#':
          text += "#35;";
          break;
        case '<':
          text += "#lt;";
          break;
        case '>':
          text += "#gt;";
          break;
        case '&':
          text += "#amp;";
          break;
        case '`':  // opens Markdown inside a label
          text += "#96;";
          break;
        case '\n':
        case '\r':
          text += ' ';
          break;
        default:
          text += c;
      }
    }
  }
  return text + "\"";
}

std::string node(const Inventory& inventory, std::size_t index, const std::string& indent) {
  const auto& host = inventory.hosts[index];
  const std::string label = quoted(host_lines(inventory, host));
  return indent + "h" + std::to_string(index) +
         (host.router ? "{" + label + "}" : "[" + label + "]") + "\n";
}

/// "  class h0,h2 drift;", or nothing.
std::string painted(const std::vector<Mark>& marks, Mark wanted, char kind, const char* style) {
  std::string names;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == wanted) names += (names.empty() ? "" : ",") + (kind + std::to_string(i));
  }
  return names.empty() ? "" : "  class " + names + " " + style + "\n";
}

std::string paint(const Marks& marks) {
  if (marks.hosts.empty() && marks.segments.empty()) return {};
  std::string text =
      "  classDef ok stroke:#1a7f37\n"
      "  classDef doubt stroke:#9a6700,color:#9a6700,stroke-dasharray:2\n"
      "  classDef drift stroke:#cf222e,color:#cf222e,stroke-dasharray:4\n"
      "  classDef self stroke-width:3px\n";
  for (const auto& [list, kind] : {std::pair(&marks.hosts, 'h'), std::pair(&marks.segments, 's')}) {
    text += painted(*list, Mark::kOk, kind, "ok");
    text += painted(*list, Mark::kDoubt, kind, "doubt");
    text += painted(*list, Mark::kDrift, kind, "drift");
  }
  if (marks.self) text += "  class h" + std::to_string(*marks.self) + " self\n";
  return text;
}

std::string tunnels(const Inventory& inventory) {
  using Kind = TunnelDrawing::Kind;
  const auto drawing = tunnel_drawing(inventory);
  std::string text;
  if (drawing.kind == Kind::kCloud) text += "  tunnels([" + quoted(drawing.cloud) + "])\n";
  const char* const end = drawing.kind == Kind::kHosts ? "h" : "w";
  for (const auto& [one, other, label] : drawing.edges) {
    const std::string to =
        drawing.kind == Kind::kCloud ? std::string("tunnels") : end + std::to_string(other);
    text +=
        std::string("  ") + end + std::to_string(one) + " -.-|" + quoted(label) + "| " + to + "\n";
  }
  return text;
}

}  // namespace

std::string draw_mermaid(const Inventory& inventory, const Marks& marks) {
  std::vector<std::string> members(inventory.segments.size());
  std::string nodes;
  std::string edges;
  for (std::size_t i = 0; i < inventory.hosts.size(); ++i) {
    const auto& host = inventory.hosts[i];
    const auto home = home_segment(host);
    if (home) {
      members[*home] += node(inventory, i, "    ");
    } else {
      nodes += node(inventory, i, "  ");
    }
    for (const auto& [address, segment] : host.addresses) {
      const std::string self = "h" + std::to_string(i);
      const std::string wire = "w" + std::to_string(segment);
      edges += "  " + (home ? self : wire) + " ---|" + quoted({address.to_string()}) + "| " +
               (home ? wire : self) + "\n";
    }
    for (const auto& [segment, names] : wires_of_containers(inventory, host)) {
      edges += "  h" + std::to_string(i) + " -.-|" + quoted(names) + "| w" +
               std::to_string(segment) + "\n";
    }
  }
  std::string text = "flowchart LR\n";
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string number = std::to_string(i);
    text += "  subgraph s" + number + "[" + quoted(segment_lines(inventory.segments[i])) + "]\n" +
            "    w" + number + "(( ))\n" + members[i] + "  end\n";
  }
  return text + nodes + edges + tunnels(inventory) + paint(marks);
}

}  // namespace overland::desired
