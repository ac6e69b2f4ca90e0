#pragma once
// What takes longer than a second is told on a terminal, on a line of standard error that goes away
// again. Nothing of it reaches a log, a file or a pipe.

#include <string>

namespace overland::cli {

/// From its begin to its end `what` is under way: "restarting Docker". They nest: the innermost is
/// told. None may live while the process forks, but for a program to be run.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  /// Puts `what` in the place of what was told. The innermost alone may.
  void now(std::string what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The bytes that take the line away, where one stands: for whoever writes to standard error.
  static std::string take_away();

 private:
  bool told_;  // there is a terminal
};

}  // namespace overland::cli
