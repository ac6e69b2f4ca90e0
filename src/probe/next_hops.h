#pragma once
// Whether the next hops of this host answer ARP: asked without the kernel's neighbour table, which
// has room for 1,024 (gc_thresh3 of ip-sysctl.rst), lies for minutes, and is not to be filled.

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "model/address.h"
#include "probe/evidence.h"
#include "probe/ports.h"
#include "probe/post.h"

namespace overland::probe {

class NextHops {
 public:
  using Clock = std::chrono::steady_clock;

  explicit NextHops(Post& post);
  ~NextHops();
  NextHops(const NextHops&) = delete;
  NextHops& operator=(const NextHops&) = delete;

  /// Asks `link` for `address`, unless it was asked already, or is no link where one asks.
  void ask(const std::string& link, const model::Address& address);
  /// Asks those that have not answered again, once, after a while.
  void step(Clock::time_point now);
  /// kNotAsked: not yet answered, or none of our business.
  [[nodiscard]] Hop of(const std::string& link, const model::Address& address) const;
  /// Whether packets to it may be sent: it answers, or it cannot be asked.
  [[nodiscard]] bool open(const std::string& link, const model::Address& address) const;
  /// When whoever has not answered is silent.
  [[nodiscard]] Clock::time_point end() const { return asked_ + kPatience; }

 private:
  // Measured: 0.11 ms, or never.
  static constexpr std::chrono::milliseconds kPatience{300};
  struct Link {
    int index = 0;
    std::unique_ptr<ArpSocket> socket;  // nullptr: nobody is asked there
    std::map<model::Address, bool> answered;
  };
  Link& link(const std::string& name);
  /// As which this host asks there.
  [[nodiscard]] model::Address sender(const Link& link, const model::Address& target) const;

  Post& post_;
  std::map<std::string, Port> ports_;
  std::vector<OwnAddress> own_;
  std::map<std::string, Link> links_;
  Clock::time_point asked_ = Clock::now();
  bool again_ = false;
};

}  // namespace overland::probe
