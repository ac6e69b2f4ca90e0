#pragma once
// One ssh that runs: what it is fed, what it says, how it ends. Killed with its owner.

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "remote/ssh.h"

namespace overland::remote {

/// Why ssh itself failed, by what it said.
Ended why_ssh_failed(std::string_view err);

class Child {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts `program` with the environment of ours. Throws what errno says.
  Child(const std::string& program, const Job& job, const Limits& limits, std::size_t index);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  /// What poll(2) shall wait for: its input, output and errors; -1 where done.
  [[nodiscard]] std::array<pollfd, 3> waits() const;
  /// Writes and reads what can be now.
  void serve();
  /// Whether it ended; kills it where it is late or says too much.
  bool over(Clock::time_point now);
  /// Once, after it is over.
  Answer take();
  /// Which job it is of.
  [[nodiscard]] std::size_t index() const { return index_; }

 private:
  void feed();
  /// False at the end of the stream.
  static bool drain(base::UniqueFd& from, std::string& into, std::size_t limit, bool& more);
  void end();

  pid_t pid_ = -1;
  std::size_t index_;
  std::string_view input_;
  Limits limits_;
  Clock::time_point deadline_;
  base::UniqueFd in_, out_, err_;
  bool too_much_ = false;
  bool late_ = false;
  int status_ = 0;
  Answer answer_;
};

}  // namespace overland::remote
