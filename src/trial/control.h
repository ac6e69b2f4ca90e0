#pragma once
// How a trial is talked to: a unix socket that only root can open, one word asked, one line
// answered.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace overland::trial {

inline constexpr std::string_view kConfirm = "confirm";  // keep the change
inline constexpr std::string_view kUndo = "undo";        // roll back now
inline constexpr std::string_view kStatus = "status";    // seconds left, as a number

inline constexpr std::string_view kKept = "kept";
inline constexpr std::string_view kUndoing = "undoing";  // or undone: it is too late to confirm
inline constexpr std::string_view kNotYet = "not yet";   // the change is still being made

/// Asks the trial behind `socket`; nullopt where none runs. Throws where it does not answer within
/// ten seconds, and kPrivilege where we are not root.
std::optional<std::string> ask(const std::filesystem::path& socket, std::string_view word);

/// The answering end. Made (0600, in a folder made 0755) before the watchdog is born.
class Listener {
 public:
  /// Takes the place of a socket that a killed trial left: the caller holds the lock.
  explicit Listener(const std::filesystem::path& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Takes one waiting caller, reads its word, answers what `answer` makes of it. Never blocks for
  /// long and never throws: a caller's faults are its own.
  template <typename Answer>
  void serve(Answer answer) {
    const base::UniqueFd caller = accept();
    if (!caller.valid()) return;
    reply(caller.get(), answer(read_word(caller.get())));
  }
  /// Whether a caller waits.
  [[nodiscard]] bool waiting() const;
  void remove() const;

 private:
  [[nodiscard]] base::UniqueFd accept() const;
  static std::string read_word(int fd);
  static void reply(int fd, const std::string& line);

  std::filesystem::path path_;
  base::UniqueFd fd_;
};

}  // namespace overland::trial
