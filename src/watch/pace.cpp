#include "watch/pace.h"

#include <algorithm>

namespace overland::watch {
namespace {

/// Of the time, at most a fifth goes into looking, however much happens; but for looks that wait
/// for somebody, and take longer than `slowest`.
constexpr int kRest = 4;
/// A change within so many of the last delays is a fight, not another event.
constexpr int kSoon = 8;

}  // namespace

void Pace::note(Clock::time_point now) {
  if (!first_) first_ = now;
  last_ = now;
}

std::optional<Clock::time_point> Pace::due() const {
  if (!first_) return std::nullopt;
  const auto most = std::max<Clock::duration>(limits_.most, quiet_);
  return std::max(std::min(last_ + quiet_, *first_ + most), not_before_);
}

void Pace::looked(Clock::time_point begin, Clock::time_point end, bool changed) {
  const bool again = changed_ && begin - *changed_ < kSoon * quiet_;
  if (changed && again) {
    quiet_ = std::min<Clock::duration>(2 * quiet_, limits_.slowest);
  } else if (!again) {
    quiet_ = limits_.quiet;
  }
  if (changed) changed_ = end;
  first_.reset();
  const auto rest = std::min<Clock::duration>(kRest * (end - begin), limits_.slowest);
  not_before_ = std::max(not_before_, end + rest);
}

}  // namespace overland::watch
