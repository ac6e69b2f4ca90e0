#include "watch/fights.h"

#include <algorithm>

namespace overland::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Repairs in a row that are nobody's fight: Docker and firewalld start in several steps.
constexpr unsigned kPatience = 5;
constexpr milliseconds kFirst(100);
/// A network of Docker's goes with `compose down`, which may be half of a restart.
constexpr const char* kSlow = "network ";
constexpr seconds kSlowPause(60);
constexpr milliseconds kLongest(60'000);
/// Left in peace for so long and twice the last pause, it is over: what is undone once a second
/// costs nothing worth a fight.
constexpr seconds kPeace(1);
/// Docker is looked at seconds after it has changed something.
constexpr seconds kDockersPeace(10);
constexpr seconds kWorthTelling(1);
/// Of so many resources at once nobody fights over each; what is forgotten is repaired at once.
constexpr std::size_t kMost = 4096;

Clock::duration peace_of(const std::string& resource) {
  const bool docker = resource.starts_with("docker") || resource.starts_with(kSlow);
  return docker ? kDockersPeace : kPeace;
}

}  // namespace

void Fights::note(const std::string& resource, Clock::time_point now) {
  if (records_.size() >= kMost && !records_.contains(resource)) return;
  Record& record = records_[resource];
  if (record.repairs > 0 && now - record.last > 2 * record.pause + peace_of(resource)) record = {};
  ++record.repairs;
  record.last = now;
  if (resource.starts_with(kSlow)) record.pause = kSlowPause;
  if (record.repairs < kPatience || record.pause == kSlowPause) return;
  record.pause = record.pause == Clock::duration(0)
                     ? kFirst
                     : std::min<Clock::duration>(2 * record.pause, kLongest);
}

Clock::time_point Fights::next(const std::string& resource) const {
  const auto found = records_.find(resource);
  return found == records_.end() ? Clock::time_point() : found->second.last + found->second.pause;
}

std::vector<Fight> Fights::going_on() const {
  std::vector<Fight> result;
  for (const auto& [resource, record] : records_) {
    if (record.pause < kWorthTelling || record.repairs < kPatience) continue;
    result.push_back(
        {resource, record.repairs, std::chrono::duration_cast<milliseconds>(record.pause)});
  }
  return result;
}

bool Fights::settle(Clock::time_point now) {
  const auto before = going_on().size();
  std::erase_if(records_, [&](const auto& one) {
    return now - one.second.last > 2 * one.second.pause + peace_of(one.first);
  });
  return going_on().size() != before;
}

}  // namespace overland::watch
