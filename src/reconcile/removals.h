#pragma once
// Whether so much would go that a half inventory is likelier than a wish. Counted by the hosts
// whose bridge subnets go away, so that ten new hosts do not hide ten lost ones.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/address.h"
#include "model/route.h"

namespace overland::reconcile {

/// The bridge subnets of each host that has one, in the inventory's order. Kept as the text they
/// are remembered as: a large cluster's are read in every run, and nearly always just the same.
class Subnets {
 public:
  Subnets() = default;
  /// Lines "web1 192.168.1.0/24 …\n". Throws kInvalid where one is none.
  static Subnets parse(std::string text);

  /// `host` without a space.
  void add(std::string_view host, const std::vector<model::Prefix>& subnets);
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Calls `visit` with every host. O(size of the text).
  void each(const std::function<void(std::string_view host,
                                     const std::vector<model::Prefix>& subnets)>& visit) const;

  auto operator<=>(const Subnets&) const = default;

 private:
  std::string text_;
};

struct Removals {
  std::vector<std::string> gone;  // hosts, or routes where hosts are not known
  std::size_t of = 0;             // so many there were
  const char* what = "hosts";

  /// More than half, or more than a tenth and at least five: then --prune is asked for.
  [[nodiscard]] bool too_many() const;
  /// "the subnets of 11 of 20 hosts go: a, b, c, d, e and 6 more".
  [[nodiscard]] std::string reason() const;
};

/// The hosts of `before` that had a subnet which no host has `now`. A host that changed its bip is
/// one of them.
Removals removals(const Subnets& before, const Subnets& now);

/// The same where nothing is remembered: routes of ours whose destinations are not desired.
Removals removals(const std::vector<model::Route>& standing,
                  const std::vector<model::Route>& desired);

}  // namespace overland::reconcile
