#pragma once
// What a watcher tells: a line a repair, few enough for any journal; and who fights it, in a file
// beside the counts of runs, for status.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/options.h"
#include "model/finding.h"
#include "reconcile/apply.h"
#include "watch/fights.h"

namespace overland::cli {

/// One line a repair on standard output, as apply's report goes there, and faults on standard
/// error.
class Telling {
 public:
  using Clock = watch::Clock;

  /// What was done of `steps` in `took`. Of more than a line each six seconds, after twenty, only
  /// the number is told with the next one.
  void repaired(const std::vector<reconcile::StepReport>& steps, Clock::duration took);
  /// An error; the same one again is told every five minutes.
  void complain(const std::string& sentence);

 private:
  bool may_tell();

  double lines_ = 20;
  Clock::time_point last_;
  std::uint64_t untold_ = 0;
  std::map<std::string, Clock::time_point> complaints_;
};

/// Held while a watcher lives.
std::filesystem::path watch_lock(const Options& options);

/// Throws what errno says.
void store_fights(const Options& options, const std::vector<watch::Fight>& fights,
                  const std::string& maker);

/// A conflict for each fight of the watcher that lives; none where there is no watcher.
std::vector<model::Finding> load_fights(const Options& options);

}  // namespace overland::cli
