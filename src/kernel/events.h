#pragma once
// What rtnetlink tells while somebody changes links, addresses, routes, policy rules or per-link
// settings of IPv4. Our own changes are known by their port and tell nothing. Of foreign routes
// only those arrive that took the place of another one, or gave theirs free, where ours may be: a
// routing daemon's table costs nothing. Nor do neighbours of other links than our tunnel.

#include <functional>
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

  /// From now on what changes about the tunnel's peers is told, too, and nothing of other links'
  /// neighbours. To be called again when the tunnel may be another link than before; whether it is.
  bool follow_tunnel();

  /// Carries out what changes peers, without telling of that: the kernel does not say who did it.
  void without_hearing(const std::function<void()>& write);

  /// Where our routes are, so that a foreign route elsewhere is not told of; empty: anywhere.
  void cover(std::span<const model::Route> routes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace overland::kernel
