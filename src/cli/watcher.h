#pragma once
// The loop of a watcher: waits for events, lets bursts pass, has the repairs made, and tells.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/options.h"
#include "cli/watch_inventory.h"
#include "cli/watch_repair.h"
#include "cli/watch_told.h"
#include "docker/events.h"
#include "firewall/events.h"
#include "kernel/events.h"
#include "watch/files.h"
#include "watch/pace.h"

namespace overland::cli {

struct WatchOptions {
  std::string prometheus;  // file for metrics; empty: none
  /// Applies the present inventory, well or not; false: it has to be tried again. Empty: others do.
  std::function<bool()> follow;
};

class Watcher {
 public:
  using Clock = watch::Clock;

  /// Listens from now on. Throws where the kernel does not tell of routes and links; whoever else
  /// does not tell is warned of.
  Watcher(const Options& options, WatchOptions watch_options);

  /// Repairs what is to be repaired now, says that it is ready, and goes on until `stop` is
  /// readable.
  void run(int stop);

 private:
  /// What waits, but for routes that were lost alone; those are put back at once.
  void take_events();
  host::Parts take_docker_events();
  host::Parts drain();
  void note(host::Parts parts);
  void repair_where_due();
  void check_file_where_due();
  void follow_where_due();
  void tell_where_due();
  void repair(host::Parts parts);
  void follow_docker(bool running);
  /// Milliseconds for poll(2).
  [[nodiscard]] int timeout() const;

  const Options options_;
  const WatchOptions watch_options_;
  Telling telling_;
  kernel::KernelEvents kernel_;
  std::unique_ptr<firewall::RuleEvents> rules_;
  std::unique_ptr<watch::FileEvents> files_;
  docker::DockerEvents docker_;
  Repairer repairer_;
  PresentFile present_{options_};

  host::Parts dirty_;
  watch::Pace machine_pace_;  // all but
  watch::Pace docker_pace_;   // Docker's start takes a while, and looking at it, too
  watch::Pace file_pace_;
  std::optional<Clock::time_point> again_;
  Clock::time_point docker_rests_;  // its events are left unread until then
  std::optional<Clock::time_point> docker_again_;
  std::chrono::seconds docker_pause_{5};  // until one that does not answer is asked again
  std::optional<Clock::time_point> follow_at_;
  std::string followed_;  // hash of what was applied, well or not
  Clock::time_point tell_at_;
  bool news_ = true;
  std::size_t fights_told_ = 0;
};

}  // namespace overland::cli
