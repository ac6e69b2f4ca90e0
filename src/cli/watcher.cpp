#include "cli/watcher.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/notify.h"
#include "cli/chosen.h"
#include "cli/prometheus.h"

namespace overland::cli {
namespace {

using host::Part;
using host::Parts;
using std::chrono::milliseconds;

constexpr watch::Pace::Limits kMachine = {milliseconds(5), milliseconds(50)};
constexpr watch::Pace::Limits kDocker = {milliseconds(300), milliseconds(2000)};
constexpr watch::Pace::Limits kFile = {milliseconds(500), milliseconds(10'000)};
/// A route that was put back without a look is looked at then.
constexpr milliseconds kLookAfter(50);
constexpr std::chrono::seconds kFollowAfter(5);
constexpr milliseconds kDockerRest(50);  // a flood of its events is taken in gulps
constexpr std::chrono::seconds kDockerPause(5);
constexpr std::chrono::seconds kDockerLongest(300);
constexpr std::chrono::seconds kTellAgain(1);
constexpr std::chrono::seconds kHeartbeat(60);

/// What a broken source says; none then.
template <typename Source, typename... Arguments>
std::unique_ptr<Source> source(const char* what, Arguments&&... arguments) {
  try {
    return std::make_unique<Source>(std::forward<Arguments>(arguments)...);
  } catch (const base::Error& error) {
    spdlog::warn("{} is not watched, the timer alone repairs it: {}", what, error.what());
    return nullptr;
  }
}

std::vector<watch::WatchedFile> files(const Options& options) {
  std::vector<watch::WatchedFile> result = {
      {last_applied_file(options), Part::kInventory}, {in_force_file(options), Part::kInventory},
      {"/etc/docker/daemon.json", Part::kDocker},     {"/run/docker.pid", Part::kDocker},
      {"/run/xtables.lock", Part::kFirewall, true},
  };
  if (options.inventory != "-") {
    result.push_back({std::filesystem::absolute(options.inventory), Part::kInventory});
  }
  if (!options.fragments.empty()) {
    result.push_back({std::filesystem::absolute(options.fragments), Part::kInventory, false, true});
  }
  return result;
}

}  // namespace

Watcher::Watcher(const Options& options, WatchOptions watch_options)
    : options_(options),
      watch_options_(std::move(watch_options)),
      rules_(source<firewall::RuleEvents>("nf_tables")),
      files_(source<watch::FileEvents>("the inventory file", files(options))),
      repairer_(options, telling_,
                {[this] {
                   if (rules_) rules_->look();
                 },
                 [this](const auto& write) { rules_ ? rules_->without_hearing(write) : write(); },
                 [this](const auto& write) { kernel_.without_hearing(write); }},
                [this] { return drain(); }),
      machine_pace_(kMachine),
      docker_pace_(kDocker),
      file_pace_(kFile) {}

Parts Watcher::drain() {
  Parts parts = kernel_.drain();
  kernel_.lost();
  if (rules_) parts |= rules_->drain();
  if (files_) parts |= files_->drain();
  parts |= docker_.drain();
  // What is not for this repair: the file, and Docker, for which nothing else waits.
  Parts later;
  for (const Part part : {Part::kInventory, Part::kDocker}) {
    if (parts.has(part)) later |= part;
  }
  note(later);
  return parts.without(later);
}

void Watcher::note(Parts parts) {
  const auto now = Clock::now();
  if (parts.has(Part::kInventory)) {
    file_pace_.note(now);
    follow_at_ = now + kFollowAfter;
  }
  const Parts machine = parts.without(Part::kInventory);
  if (!machine.any()) return;
  dirty_ |= machine;
  repairer_.doubt();
  if (machine.has(Part::kDocker)) docker_pace_.note(now);
  if (machine.without(Part::kDocker).any()) machine_pace_.note(now);
}

Parts Watcher::take_docker_events() {
  const auto now = Clock::now();
  if (now < docker_rests_) return {};
  const Parts parts = docker_.drain();
  if (parts.any()) docker_rests_ = now + kDockerRest;
  return parts;
}

void Watcher::take_events() {
  const Parts rules = rules_ ? rules_->drain() : Parts();
  Parts parts = take_docker_events();
  if (files_) parts |= files_->drain();
  const Parts told = kernel_.drain();
  if (rules.any() && !parts.any() && !told.any()) repairer_.put_table_back();
  note(parts | rules);
  const auto lost = kernel_.lost();
  const bool alone = lost && told == Parts(Part::kRoutes);
  if (!alone || !repairer_.put_back(*lost)) return note(told);
  dirty_ |= Part::kRoutes;
  again_ = std::min(again_.value_or(Clock::time_point::max()), Clock::now() + kLookAfter);
}

void Watcher::repair(Parts parts) {
  const auto begin = Clock::now();
  again_.reset();
  if (kernel_.follow_tunnel()) parts |= Part::kNeighbours;
  dirty_ = dirty_.without(parts);
  const Repaired done = repairer_.repair(parts);
  if (done.again) dirty_ |= parts;
  again_ = done.again;
  const auto end = Clock::now();
  machine_pace_.looked(begin, end, done.changed);
  if (parts.has(Part::kDocker)) docker_pace_.looked(begin, end, done.changed);
  if (done.running) follow_docker(*done.running);
  if (done.whole) kernel_.cover(repairer_.routes());
  // Of a tunnel made just now nobody has told yet.
  if (kernel_.follow_tunnel()) note(Part::kNeighbours);
  news_ = true;
}

void Watcher::follow_docker(bool running) {
  docker_.follow(running);
  if (!running || docker_.fd() >= 0) {
    docker_pause_ = kDockerPause;
    docker_again_.reset();
    return;
  }
  // It does not answer yet, or not at all, and will not tell when it does.
  docker_again_ = Clock::now() + docker_pause_;
  docker_pause_ = std::min(2 * docker_pause_, kDockerLongest);
}

void Watcher::repair_where_due() {
  const auto now = Clock::now();
  const auto passed = [&](const auto& when) { return when && *when <= now; };
  if (passed(docker_again_)) {
    docker_again_.reset();
    note(Part::kDocker);
  }
  if (passed(docker_pace_.due())) {
    repair(dirty_);
  } else if (passed(machine_pace_.due()) || passed(again_)) {
    repair(docker_pace_.due() ? dirty_.without(Part::kDocker) : dirty_);
  }
}

void Watcher::check_file_where_due() {
  const auto now = Clock::now();
  if (const auto due = file_pace_.due(); !due || *due > now) return;
  if (repairer_.stale()) repair(Parts::all());
  present_.check(repairer_.applied());
  file_pace_.looked(now, Clock::now(), false);
  news_ = true;
}

void Watcher::follow_where_due() {
  if (!follow_at_ || *follow_at_ > Clock::now() || file_pace_.due()) return;
  follow_at_.reset();
  const bool pending = present_.standing() == PresentFile::Standing::kPending;
  if (!watch_options_.follow || !pending || present_.hash() == followed_) return;
  if (watch_options_.follow()) {
    followed_ = present_.hash();
  } else {
    follow_at_ = Clock::now() + kFollowAfter;
  }
  note(Parts::all());
}

void Watcher::tell_where_due() {
  const auto now = Clock::now();
  const bool ended = repairer_.fights().settle(now);
  if (now < tell_at_ && !(news_ && now + kHeartbeat - kTellAgain >= tell_at_)) return;
  base::notify("WATCHDOG=1");
  const auto fights = repairer_.fights().going_on();
  try {
    if (ended || !fights.empty() || fights_told_ > 0) {
      store_fights(options_, fights, rules_ ? rules_->maker() : "");
      fights_told_ = fights.size();
    }
    if (!watch_options_.prometheus.empty()) {
      const bool refused = present_.standing() == PresentFile::Standing::kRefused;
      const bool pending = present_.standing() == PresentFile::Standing::kPending;
      write_metrics(watch_options_.prometheus, repairer_.metrics(refused) +
                                                   watch_metrics(fights.size(), pending) +
                                                   source_metrics(fetched(options_)));
    }
  } catch (const base::Error& error) {
    telling_.complain(error.what());
  }
  news_ = false;
  tell_at_ = now + kHeartbeat;
}

int Watcher::timeout() const {
  auto next = news_ ? std::min(tell_at_, tell_at_ - kHeartbeat + kTellAgain) : tell_at_;
  const std::array<std::optional<Clock::time_point>, 6> others = {
      docker_again_, machine_pace_.due(), docker_pace_.due(), file_pace_.due(), again_, follow_at_};
  for (const auto& one : others) {
    if (one) next = std::min(next, *one);
  }
  if (Clock::now() < docker_rests_) next = std::min(next, docker_rests_);
  const auto left = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Watcher::run(int stop) {
  repair(Parts::all());
  present_.check(repairer_.applied());
  if (repairer_.applied().empty()) spdlog::warn("nothing is applied here yet: overland apply");
  if (watch_options_.follow) follow_at_ = Clock::now() + kFollowAfter;
  base::notify("READY=1");
  for (;;) {
    tell_where_due();
    const int docker = Clock::now() < docker_rests_ ? -1 : docker_.fd();
    std::array<pollfd, 5> sources = {pollfd{stop, POLLIN, 0}, pollfd{kernel_.fd(), POLLIN, 0},
                                     pollfd{rules_ ? rules_->fd() : -1, POLLIN, 0},
                                     pollfd{files_ ? files_->fd() : -1, POLLIN, 0},
                                     pollfd{docker, POLLIN, 0}};
    const int ready = ::poll(sources.data(), sources.size(), timeout());
    if (ready < 0 && errno != EINTR) base::throw_errno("cannot wait for events", errno);
    if (ready > 0 && sources[0].revents != 0) return;
    if (ready > 0) take_events();
    repair_where_due();
    check_file_where_due();
    follow_where_due();
  }
}

}  // namespace overland::cli
