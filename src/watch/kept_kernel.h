#pragma once
// What the kernel told of links, the tunnel's peers and routes, kept until an event makes it dirty.
// Only for kept.cpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host/ports.h"
#include "watch/kept.h"

namespace overland::watch {

/// One answer, and the question it was given to.
template <typename Question, typename Answer>
class Remembered {
 public:
  template <typename Ask>
  const Answer& get(const Question& question, Ask ask) {
    if (!known_ || known_->first != question) {
      known_.reset();
      known_.emplace(question, ask());
    }
    return known_->second;
  }
  void forget() { known_.reset(); }
  template <typename Which>
  void forget_where(Which is) {
    if (known_ && is(known_->first)) forget();
  }

 private:
  std::optional<std::pair<Question, Answer>> known_;
};

struct Nothing {
  bool operator==(const Nothing&) const = default;
};

template <typename T>
std::vector<T> copy(std::span<const T> items) {
  return {items.begin(), items.end()};
}

class KeptRoutes : public host::Routes {
 public:
  std::vector<model::Route> read() override { return below->read(); }
  std::vector<model::ForeignRoute> foreign(std::span<const model::Prefix> destinations) override {
    return below->foreign(destinations);
  }
  host::RoutesFound look(std::span<const model::Prefix> destinations) override {
    return found_.get(copy(destinations), [&] { return below->look(destinations); });
  }
  std::vector<model::Diversion> diversions(std::span<const model::Prefix> destinations,
                                           const model::LinkFacts* bridge,
                                           std::uint32_t mark) override {
    const Way way = {copy(destinations), bridge == nullptr ? model::LinkFacts() : *bridge, mark};
    return diversions_.get(way, [&] { return below->diversions(destinations, bridge, mark); });
  }
  std::vector<model::Address> on_link(std::span<const model::Address> addresses) override {
    return on_link_.get(copy(addresses), [&] { return below->on_link(addresses); });
  }
  std::vector<host::Outcome> apply(std::span<const plan::RouteStep> steps) override {
    forget();
    return below->apply(steps);
  }
  void remove(const model::ForeignRoute& route) override {
    forget();
    below->remove(route);
  }
  void restore(const model::ForeignRoute& route) override {
    forget();
    below->restore(route);
  }

  void forget() {
    found_.forget();
    diversions_.forget();
    on_link_.forget();
  }

  host::Routes* below = nullptr;

 private:
  struct Way {
    std::vector<model::Prefix> destinations;
    model::LinkFacts bridge;
    std::uint32_t mark = 0;
    bool operator==(const Way&) const = default;
  };
  Remembered<std::vector<model::Prefix>, host::RoutesFound> found_;
  Remembered<Way, std::vector<model::Diversion>> diversions_;
  Remembered<std::vector<model::Address>, std::vector<model::Address>> on_link_;
};

class KeptNeighbours : public host::Neighbours {
 public:
  explicit KeptNeighbours(const RuleHooks& hooks) : write_(hooks.write_peers) {}

  std::vector<model::Neighbour> read() override {
    return found_.get({}, [&] { return below->read(); });
  }
  std::vector<host::Outcome> apply(std::span<const plan::NeighbourStep> steps) override {
    forget();
    std::vector<host::Outcome> outcomes;
    write([&] { outcomes = below->apply(steps); });
    return outcomes;
  }

  /// Carries out what changes them.
  void write(const std::function<void()>& change) { write_ ? write_(change) : change(); }
  void forget() { found_.forget(); }

  host::Neighbours* below = nullptr;

 private:
  std::function<void(const std::function<void()>& write)> write_;
  Remembered<Nothing, std::vector<model::Neighbour>> found_;
};

class KeptLinks : public host::Links {
 public:
  KeptLinks(KeptRoutes& routes, KeptNeighbours& neighbours)
      : routes_(routes), neighbours_(neighbours) {}

  std::vector<model::LinkFacts> facts() override {
    return facts_.get({}, [&] { return below->facts(); });
  }
  bool makes_ipvlan() override { return below->makes_ipvlan(); }
  bool makes_vxlan() override {
    return makes_vxlan_.get({}, [&] { return below->makes_vxlan(); });
  }
  void apply(const plan::LinkStep& step) override {
    forget();
    neighbours_.write([&] { below->apply(step); });
  }

  /// With a link go its routes and neighbours.
  void forget() {
    facts_.forget();
    routes_.forget();
    neighbours_.forget();
  }

  host::Links* below = nullptr;

 private:
  KeptRoutes& routes_;
  KeptNeighbours& neighbours_;
  Remembered<Nothing, std::vector<model::LinkFacts>> facts_;
  Remembered<Nothing, bool> makes_vxlan_;  // of the kernel, for good
};

}  // namespace overland::watch
