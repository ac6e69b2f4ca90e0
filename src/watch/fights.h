#pragma once
// Who undoes what we repair, each time: by resource, how often of late, and how long it is left
// alone before the next try. No clock of its own.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "watch/pace.h"

namespace overland::watch {

struct Fight {
  std::string resource;                // "route 192.168.200.0/24"
  unsigned repairs = 0;                // in a row
  std::chrono::milliseconds pause{0};  // until the next one
};

class Fights {
 public:
  /// Notes that `resource` was repaired.
  void note(const std::string& resource, Clock::time_point now);
  /// When it may be repaired (again); the past where nobody fights.
  [[nodiscard]] Clock::time_point next(const std::string& resource) const;
  [[nodiscard]] bool may(const std::string& resource, Clock::time_point now) const {
    return next(resource) <= now;
  }
  /// Those that go on, by name: left alone for a second or longer each time.
  [[nodiscard]] std::vector<Fight> going_on() const;
  /// Forgets what has long been left in peace; whether a fight ended by that.
  bool settle(Clock::time_point now);

 private:
  struct Record {
    unsigned repairs = 0;
    Clock::time_point last;
    Clock::duration pause{0};
  };
  std::map<std::string, Record> records_;
};

}  // namespace overland::watch
