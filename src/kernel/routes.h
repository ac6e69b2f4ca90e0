#pragma once
// Our routes in the kernel: protocol 111 in the main table (see model/ownership.h). No request this
// class makes can change or remove a route of another protocol, whatever happens between reading
// and writing; remove() is the one exception, and is asked for by name.

#include <cstdint>
#include <span>
#include <vector>

#include "host/ports.h"

namespace overland::kernel {

/// Stateless: each call is a conversation of its own with the network namespace of this thread.
class RouteTable : public host::Routes {
 public:
  /// Each destination and metric once: the route in force.
  std::vector<model::Route> read() override;
  /// Small tables are dumped, large ones asked about each destination's first address. The latter
  /// sees no foreign route which one of ours already beats, and none elsewhere in the destination.
  std::vector<model::ForeignRoute> foreign(std::span<const model::Prefix> destinations) override;
  /// One dump for both where the table is small.
  host::RoutesFound look(std::span<const model::Prefix> destinations) override;
  std::vector<model::Diversion> diversions(std::span<const model::Prefix> destinations,
                                           const model::LinkFacts* bridge,
                                           std::uint32_t mark) override;
  std::vector<model::Address> on_link(std::span<const model::Address> addresses) override;
  std::vector<host::Outcome> apply(std::span<const plan::RouteStep> steps) override;
  /// Gone already is done. Throws kInvalid where the route carries our own protocol, or none.
  void remove(const model::ForeignRoute& route) override;
  void restore(const model::ForeignRoute& route) override;
  std::vector<std::string> remnants() override;
};

}  // namespace overland::kernel
