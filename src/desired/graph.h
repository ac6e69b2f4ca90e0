#pragma once
// The inventory as a drawing: segments are clusters with a dot for the wire, routers diamonds,
// other hosts boxes with their subnets and ranges. Each edge to a wire bears the address; a dashed
// one the network, where only a host's containers are on the wire; a dashed and thick one tunnels
// (graph_tunnels.h). Pure text; any name is escaped.
// What stands on one wire only is drawn inside its cluster.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

/// What a look at one live host adds to the drawing.
enum class Mark {  // the later, the worse
  kNone,           // not looked at
  kOk,             // as the inventory says
  kDoubt,          // not all of it, or nobody can tell
  kDrift,          // not so
};

/// Either empty or one entry for each host and segment, by index: of the host that was looked at,
/// whether it is as desired; of all others, whether its ways to them are.
struct Marks {
  std::optional<std::size_t> self;
  std::vector<Mark> hosts;
  std::vector<Mark> segments;
};

/// For Graphviz: `overland graph | dot -Tsvg`.
std::string draw_dot(const inventory::Inventory& inventory, const Marks& marks = {});

/// For Mermaid, as code hosts render it in Markdown.
std::string draw_mermaid(const inventory::Inventory& inventory, const Marks& marks = {});

/// Parts of the two above: the only segment a host has addresses in, or nullopt; the lines of its
/// label; those of a segment's.
std::optional<std::size_t> home_segment(const inventory::Host& host);
std::vector<std::string> host_lines(const inventory::Inventory& inventory,
                                    const inventory::Host& host);
/// Segments that only the host's containers are in, by index: the names of their networks.
std::map<std::size_t, std::vector<std::string>> wires_of_containers(
    const inventory::Inventory& inventory, const inventory::Host& host);
std::vector<std::string> segment_lines(const inventory::Segment& segment);
Mark mark_of(const std::vector<Mark>& marks, std::size_t index);

}  // namespace overland::desired
