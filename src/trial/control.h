#pragma once
// How a trial is talked to: unix sockets that only root can open, one word asked, one answer. The
// first words are as old as the verb: a confirm of any version speaks to a watchdog of any other.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace overland::trial {

inline constexpr std::string_view kConfirm = "confirm";  // keep the change
inline constexpr std::string_view kUndo = "undo";        // roll back now; answered at once
inline constexpr std::string_view kStatus = "status";    // seconds left, as a number
inline constexpr std::string_view kKeep = "keep";        // as confirm; the answer says what of it
inline constexpr std::string_view kInstall = "install";  // keep, and the inventory as well
inline constexpr std::string_view kGoBack = "go back";   // as undo; answered when that is done

inline constexpr std::string_view kKept = "kept";  // to keep and install with sentences after it
inline constexpr std::string_view kUndoing = "undoing";  // or undone: it is too late to confirm
inline constexpr std::string_view kNotYet = "not yet";   // the change is still being made
inline constexpr std::string_view kUndone = "undone";    // with what could not be put back after it
inline constexpr std::string_view kRefused = "refused";  // with why after it; the trial goes on
inline constexpr std::string_view kUnknown = "unknown word";  // an older watchdog's

/// "word" or "word\nsentences", and the two apart again.
std::string answer(std::string_view word, const std::string& sentences);
struct Answer {
  std::string word;
  std::string sentences;
};

/// The places a trial may be found at, in this order; those that nothing listens at are passed
/// over.
using Places = std::vector<std::filesystem::path>;

/// Asks the trial; nullopt where none runs. Throws where it does not answer within `patience`, and
/// kPrivilege where we are not root. Only a process of root's or our own is believed.
std::optional<Answer> ask(const Places& places, std::string_view word,
                          std::chrono::milliseconds patience = std::chrono::seconds(10));

/// Whether a socket is there that nobody listens at: its trial was killed before it could end. Only
/// who holds the lock knows that none is about to begin.
bool left_behind(const Places& places);
/// Removes what left_behind() tells of.
void clear(const Places& places);

/// One that asked and waits for its answer.
struct Call {
  base::UniqueFd caller;
  std::string word;

  /// Never blocks and never throws: a caller's faults are its own.
  void reply(const std::string& text) const;
};

/// The answering end. Made (0600) before the watchdog is born; the folders are there.
class Listener {
 public:
  /// Takes the place of a socket that a killed trial left: the caller holds the lock. Listens at
  /// each place it can; throws where that is none.
  explicit Listener(const Places& places);

  [[nodiscard]] std::vector<int> fds() const;
  /// A waiting caller and its word; nullopt where none is there, or it is somebody else's.
  [[nodiscard]] static std::optional<Call> take(int fd);
  void remove() const;

 private:
  struct Place {
    std::filesystem::path path;
    base::UniqueFd fd;
  };
  std::vector<Place> places_;
};

}  // namespace overland::trial
