#pragma once
// Ports that answer from memory what was asked before and no event has made dirty since: a survey
// then costs what has changed. Writing goes through, and forgets what it changes. Sysctls are read
// each time: that costs microseconds.

#include <chrono>
#include <functional>
#include <memory>

#include "host/events.h"
#include "host/ports.h"

namespace overland::watch {

/// What is done around our own work on what tells of each change, without saying whose it is.
struct RuleHooks {
  std::function<void()> look;  // before each look that is none from memory
  /// Carries `write` out, once; a look follows.
  std::function<void(const std::function<void()>& write)> write;
  /// Likewise for links and the tunnel's peers; may be empty.
  std::function<void(const std::function<void()>& write)> write_peers = {};
};

class Kept {
 public:
  explicit Kept(RuleHooks hooks);
  ~Kept();
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  void forget(host::Parts parts);
  /// The ports of a machine with the memory before them, for as long as both live or over() is
  /// called again. Of who else drops packets they tell nothing: that takes seconds. Facts about
  /// Docker are kept for ten minutes, and for half a minute where some are missing.
  host::Ports over(const host::Ports& machine);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace overland::watch
