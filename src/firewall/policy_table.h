#pragma once
// Table `ip overland`: the policy in force, whichever tables Docker writes. It decides what is
// trusted, keeps and translates sources, and marks; what the mark is worth is up to the anchors.

#include <optional>

#include "model/firewall.h"

namespace overland::firewall {

class PolicyTable {
 public:
  virtual ~PolicyTable() = default;
  /// The policy its rules and sets amount to, by meaning and order, with what is wrong with them;
  /// nullopt where there is no such table. `desired` gives what rules cannot tell: variant and
  /// anchor. Changes nothing.
  virtual std::optional<model::Firewall> read(const model::FirewallPolicy& desired) = 0;
  /// One transaction; element deltas where only sets differ.
  virtual void write(const model::FirewallPolicy& to) = 0;
  virtual void remove() = 0;
};

}  // namespace overland::firewall
