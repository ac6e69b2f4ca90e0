#include "cli/lock.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "cli/progress.h"

namespace overland::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::filesystem::path folder_of(const std::string& file) {
  const std::filesystem::path path(file);
  return path.has_parent_path() ? path.parent_path() : ".";
}

/// Why a place cannot be used goes to `faults`; that another process holds it is thrown.
template <typename Take>
std::optional<base::FileLock> take_one(std::vector<std::string>& faults, Take take) {
  try {
    return take();
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kLocked) throw;
    faults.emplace_back(error.what());
    return std::nullopt;
  }
}

/// The folder first, always: two of us can never each wait for what the other has.
Lock take_within(const Options& options, std::chrono::milliseconds patience) {
  const auto end = Clock::now() + patience;
  std::vector<std::string> faults;
  Lock lock;
  lock.folder = take_one(faults, [&] {
    return base::FileLock::on_own_folder(folder_of(options.state_file), patience);
  });
  lock.file = take_one(faults, [&] {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    return base::FileLock::on_own_file(options.lock_file,
                                       std::max(left, std::chrono::milliseconds(0)));
  });
  if (!lock.folder && !lock.file) {
    throw base::Error(base::ErrorKind::kFailure, faults[0] + "\n" + faults[1] +
                                                     "\nno place is left for the lock; nothing "
                                                     "was changed");
  }
  for (const auto& fault : faults) spdlog::warn("{}", fault);
  return lock;
}

/// Seconds that a trial has left; nullopt where none runs, or it is too busy to say: one that is
/// being rolled back is a holder like others.
std::optional<std::string> trial_left(const Options& options) {
  constexpr std::chrono::seconds kPatience(3);
  try {
    const auto answer = trial::ask(trial_places(options), trial::kStatus, kPatience);
    return answer ? std::optional(answer->word) : std::nullopt;
  } catch (const base::Error& error) {
    if (error.errno_value() != ETIMEDOUT) throw;
    return std::nullopt;
  }
}

void keep(const std::string& file, reconcile::RunRecord& runs, ExitCode& code) {
  try {
    reconcile::store_runs(file, runs);
  } catch (const base::Error& error) {
    spdlog::warn("{}", error.what());
    code = kFailed;  // what cannot be counted is not waited for
  }
}

}  // namespace

trial::Places trial_places(const Options& options) {
  trial::Places places = {folder_of(options.state_file) / "try.sock",
                          folder_of(options.lock_file) / "try.sock"};
  if (places[0] == places[1]) places.pop_back();
  return places;
}

Lock take_lock(const Options& options) {
  try {
    return take_within(options, std::chrono::milliseconds(0));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kLocked) throw;
  }
  if (const auto left = trial_left(options)) {
    throw base::Error(base::ErrorKind::kLocked,
                      "a trial runs and is rolled back in " + *left +
                          " s unless confirmed: overland confirm keeps it, overland confirm --undo "
                          "ends it at once");
  }
  const Progress told("waiting for another overland to end");
  return take_within(options, std::chrono::seconds(options.wait_seconds));
}

std::variant<Lock, ExitCode> take_lock_or_count(const Options& options, bool quiet) {
  try {
    return take_lock(options);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kLocked) throw;
    if (trial_left(options)) {
      spdlog::log(quiet ? spdlog::level::info : spdlog::level::err, "{}", error.what());
      return kLocked;
    }
    spdlog::error("{}", error.what());
  }
  auto runs = reconcile::load_runs(options.runs_file);
  ExitCode code = count_locked(runs, true);
  keep(options.runs_file, runs, code);
  return code;
}

ExitCode count_locked(reconcile::RunRecord& runs, bool locked) {
  constexpr std::uint64_t kPatience = 3;  // runs
  runs.locked_in_a_row = locked ? runs.locked_in_a_row + 1 : 0;
  if (runs.locked_in_a_row < kPatience) return locked ? kLocked : kOk;
  spdlog::error("a lock was not to be had in {} runs in a row: whoever holds it is stuck",
                runs.locked_in_a_row);
  return kFailed;
}

}  // namespace overland::cli
