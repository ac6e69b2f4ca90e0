#include "cli/progress.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/log.h"

namespace overland::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(1);  // and from then on between two drawings
constexpr std::string_view kErase = "\r\033[K";

bool on_terminal() {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !stderr_is_journal() && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

/// The one line, and the thread that draws it while there is anything to tell.
class Line {
 public:
  void push(std::string what) {
    const std::lock_guard hold(mutex_);
    tasks_.push_back({std::move(what), Clock::now()});
    if (tasks_.size() == 1) start();
  }

  void now(std::string what) {
    const std::lock_guard hold(mutex_);
    tasks_.back().what = std::move(what);
  }

  void pop() {
    std::unique_lock hold(mutex_);
    tasks_.pop_back();
    if (tasks_.empty()) {
      hold.unlock();
      changed_.notify_all();
      thread_.join();
      hold.lock();
    }
    write(erased());
  }

  std::string take_away() {
    const std::lock_guard hold(mutex_);
    return erased();
  }

 private:
  struct Task {
    std::string what;
    Clock::time_point since;
  };

  /// Signals are the main thread's.
  void start() {
    sigset_t all = {};
    sigset_t before = {};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { draw(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void draw() {
    std::unique_lock hold(mutex_);
    while (!changed_.wait_for(hold, kPatience, [this] { return tasks_.empty(); })) {
      const Task& task = tasks_.back();
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - task.since);
      if (age < kPatience) continue;
      write(std::string(kErase) + "overland: " + task.what + " ... " + std::to_string(age.count()) +
            " s");
      shown_ = true;
    }
  }

  std::string erased() {
    const bool shown = std::exchange(shown_, false);
    return shown ? std::string(kErase) : std::string();
  }

  static void write(const std::string& bytes) {
    // A terminal that takes nothing is told nothing.
    pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    if (bytes.empty() || ::poll(&ready, 1, 0) != 1) return;
    static_cast<void>(::write(STDERR_FILENO, bytes.data(), bytes.size()) == 0);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::thread thread_;
  bool shown_ = false;
};

Line& line() {
  static auto* const the_line = new Line;  // for as long as anybody may log
  return *the_line;
}

}  // namespace

Progress::Progress(std::string what) : told_(on_terminal()) {
  if (told_) line().push(std::move(what));
}

Progress::~Progress() {
  if (told_) line().pop();
}

void Progress::now(std::string what) {
  if (told_) line().now(std::move(what));
}

std::string Progress::take_away() { return line().take_away(); }

}  // namespace overland::cli
