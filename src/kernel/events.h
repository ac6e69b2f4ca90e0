#pragma once
// What rtnetlink tells while somebody changes links, addresses, routes, policy rules or per-link
// settings of IPv4. Our own changes are known by their port and tell nothing. Of foreign routes
// only those arrive that took the place of another one, or gave theirs free, where ours may be: a routing daemon's table
// costs nothing.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/events.h"
#include "model/route.h"

namespace overland::kernel {

class KernelEvents : public host::Events {
 public:
  /// Listens from now on. Throws what errno says.
  KernelEvents();
  ~KernelEvents() override;

  [[nodiscard]] int fd() const override;
  host::Parts drain() override;

  /// What was told of routes since the last call, where all of that is that these, of ours, were
  /// removed; nullopt where there is more to it.
  std::optional<std::vector<model::Route>> lost();

  /// Where our routes are, so that a foreign route elsewhere is not told of; empty: anywhere.
  void cover(std::span<const model::Route> routes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace overland::kernel
