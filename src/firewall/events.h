#pragma once
// What nf_tables tells: the number and the maker of each generation of its rules. What a look has
// seen already tells nothing, our own changes among it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/events.h"

namespace overland::firewall {

class RuleEvents : public host::Events {
 public:
  /// Listens from now on. Throws kUnsupported where the kernel has no nf_tables, and what errno
  /// says.
  RuleEvents();
  ~RuleEvents() override;

  [[nodiscard]] int fd() const override;
  host::Parts drain() override;

  /// To be called before each look at the rules: what was changed until now tells nothing any more.
  void look();
  /// Hears nothing while `write` runs, and a look has to follow: where anybody listens the kernel
  /// makes a message of each element of a transaction, which takes as long as the change itself.
  void without_hearing(const std::function<void()>& write);
  /// Which program made the last change that was told, as it calls itself; empty: not known.
  [[nodiscard]] const std::string& maker() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace overland::firewall
