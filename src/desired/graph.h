#pragma once
// The inventory as a drawing: segments are clusters with a dot for the wire, routers diamonds,
// other hosts boxes with their bridge subnets, and each edge to a wire bears the address. Pure
// text; any name is escaped. What stands on one wire only is drawn inside its cluster.

#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

/// What a look at one live host adds to the drawing.
enum class Mark {
  kNone,   // not looked at
  kOk,     // as the inventory says
  kDrift,  // not so
};

/// Either empty or one entry for each host and segment, by index: of the host that was looked at,
/// whether it is as desired; of all others, whether its routes to them are.
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
std::vector<std::string> host_lines(const inventory::Host& host);
std::vector<std::string> segment_lines(const inventory::Segment& segment);
Mark mark_of(const std::vector<Mark>& marks, std::size_t index);

}  // namespace overland::desired
