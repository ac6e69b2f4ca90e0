#pragma once
// Table `ip overland`: the policy in force, whichever tables Docker writes. It decides what is
// trusted, keeps and translates sources, and marks; what the mark is worth is up to the anchors.

#include <optional>
#include <vector>

#include "firewall/flows.h"
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
  /// Whether the kernel can drop at a link's ingress (model::IpvlanGuard).
  virtual bool guards_links() { return true; }
  /// In which kinds of tables FORWARD has its policy DROP from us, as remembered in this table.
  virtual std::vector<model::FirewallVariant> closed() = 0;
  /// Remembers it before the policy is set, forgets it after it is lifted.
  virtual void remember_closed(model::FirewallVariant variant, bool closed) = 0;
  /// Whose flows are still to be cut, as remembered in this table.
  virtual Uncut uncut() = 0;
  /// Remembers it before the trust goes, forgets it (with an empty one) once they are cut.
  virtual void remember_uncut(const Uncut& uncut) = 0;
};

}  // namespace overland::firewall
