#include "remote/ssh.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "base/trusted_path.h"
#include "remote/child.h"

namespace overland::remote {
namespace {

constexpr std::size_t kMostAtOnce = 64;  // three descriptors each; see main/main.cpp
constexpr int kTickMilliseconds = 20;    // how soon an end is seen that closes no stream

/// The first ssh of PATH. Nobody else may be able to put another there.
std::string find_ssh() {
  const char* const variable = std::getenv("PATH");
  const std::string path = variable == nullptr ? "/usr/bin:/bin" : variable;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::filesystem::path program =
        std::filesystem::path(path.substr(begin, end - begin)) / "ssh";
    begin = end + 1;
    std::error_code unknown;
    if (!program.is_absolute() || !std::filesystem::exists(program, unknown)) continue;
    if (base::open_trusted(program, O_PATH, base::Sticky::kFoldersOnly).valid()) return program;
  }
  throw base::Error(base::ErrorKind::kUnsupported,
                    "ssh is not installed; install openssh-client, or say nothing of other hosts",
                    ENOENT);
}

class Run {
 public:
  Run(const std::vector<Job>& jobs, const Limits& limits, const OnEnd& on_end)
      : jobs_(jobs),
        limits_(limits),
        on_end_(on_end),
        program_(find_ssh()),
        most_(std::clamp<std::size_t>(limits.parallel, 1, kMostAtOnce)) {
    for (const Job& job : jobs) answers_.emplace_back().destination = job.destination;
  }

  std::vector<Answer> go() {
    for (;;) {
      while (!stopped_ && next_ < jobs_.size() && children_.size() < most_) {
        children_.emplace_back(program_, jobs_[next_], limits_, next_);
        ++next_;
      }
      if (children_.empty()) return std::move(answers_);
      wait();
      const auto now = Child::Clock::now();
      for (auto child = children_.begin(); child != children_.end();) {
        child->serve();
        if (!child->over(now)) {
          ++child;
          continue;
        }
        Answer& answer = answers_[child->index()] = child->take();
        child = children_.erase(child);
        if (on_end_ && !on_end_(answer)) stopped_ = true;
      }
    }
  }

 private:
  void wait() const {
    std::vector<pollfd> streams;
    for (const Child& child : children_) {
      const auto its = child.waits();
      streams.insert(streams.end(), its.begin(), its.end());
    }
    if (::poll(streams.data(), streams.size(), kTickMilliseconds) < 0 && errno != EINTR) {
      base::throw_errno("poll", errno);
    }
  }

  const std::vector<Job>& jobs_;
  const Limits& limits_;
  const OnEnd& on_end_;
  const std::string program_;
  const std::size_t most_;
  std::vector<Answer> answers_;
  std::list<Child> children_;
  std::size_t next_ = 0;
  bool stopped_ = false;
};

/// What ssh said last, which is why it gave up.
std::string last_line(const std::string& err) {
  const std::size_t end = err.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "ssh did not say why";
  const std::size_t before = err.rfind('\n', end);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  constexpr std::size_t kLongest = 300;
  return base::shorten(std::string_view(err).substr(begin, end + 1 - begin), kLongest);
}

}  // namespace

bool is_destination(std::string_view destination) {
  const auto fine = [](char c) { return c > 0x20 && c < 0x7f; };
  return !destination.empty() && destination.front() != '-' &&
         std::all_of(destination.begin(), destination.end(), fine);
}

std::vector<std::string> ssh_arguments(const Job& job, const Limits& limits) {
  // BatchMode keeps ssh from asking; what host keys it takes is its configuration's business alone.
  std::vector<std::string> arguments = {"-T",
                                        "-a",
                                        "-x",
                                        "-o",
                                        "BatchMode=yes",
                                        "-o",
                                        "ClearAllForwardings=yes",
                                        "-o",
                                        "PermitLocalCommand=no",
                                        "-o",
                                        "RemoteCommand=none",
                                        "-o",
                                        "ConnectTimeout=" + std::to_string(limits.connect.count())};
  arguments.insert(arguments.end(), job.options.begin(), job.options.end());
  arguments.insert(arguments.end(), {"--", job.destination, job.command});
  return arguments;
}

std::vector<Answer> run(const std::vector<Job>& jobs, const Limits& limits, const OnEnd& on_end) {
  for (const Job& job : jobs) {
    if (is_destination(job.destination)) continue;
    throw base::Error(base::ErrorKind::kUsage,
                      "\"" + base::printable(job.destination) + "\" is no host for ssh");
  }
  return Run(jobs, limits, on_end).go();
}

std::string explain(const Answer& answer) {
  const std::string& host = answer.destination;
  switch (answer.ended) {
    case Ended::kExited:
      if (answer.status == 0) return {};
      return "the command ended with " + std::to_string(answer.status) + ": " +
             last_line(answer.err);
    case Ended::kDenied:
      return "it takes none of your keys and asks for a password; give it a key: ssh-copy-id " +
             host;
    case Ended::kHostKey:
      return "its host key is not the one known, or not known yet; look at it: ssh " + host;
    case Ended::kUnreachable:
      return "not reached: " + last_line(answer.err);
    case Ended::kFailed:
      return "ssh failed: " + last_line(answer.err);
    case Ended::kLate:
      return "it did not end in time and was stopped";
    case Ended::kTooMuch:
      return "it said more than an answer can be, and was stopped";
    case Ended::kNotRun:
      return "not asked";
  }
  return {};
}

}  // namespace overland::remote
