#pragma once
// One way to write the firewall policy into the kernel. There are two: nft and iptc. A driver
// touches only its own variant's tables, and there only what carries our marks.

#include <optional>

#include "model/firewall.h"

namespace overland::firewall {

class Driver {
 public:
  virtual ~Driver() = default;
  /// What of ours is in force in this variant, compared by meaning and order with the encoding of
  /// `desired`; nullopt where nothing of ours is there. Changes nothing, makes no table.
  virtual std::optional<model::Firewall> read(const model::FirewallPolicy& desired) = 0;
  /// Makes `to` the policy in force: one transaction, element deltas where only sets differ.
  /// `from` is what read() said last.
  virtual void write(const std::optional<model::Firewall>& from,
                     const model::FirewallPolicy& to) = 0;
  /// Removes everything of ours in this variant, and DOCKER-USER where we made it and nobody uses
  /// it.
  virtual void remove() = 0;
};

}  // namespace overland::firewall
