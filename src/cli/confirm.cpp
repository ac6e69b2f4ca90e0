// The verb confirm: keeps a change on trial, or takes it back.

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <iostream>

#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

/// Asks, with an older word where the watchdog is of a version that does not know this one.
trial::Answer ask(const trial::Places& places, std::string_view word, std::string_view older) {
  constexpr std::chrono::minutes kWayBack(5);  // a rollback is bounded itself
  auto answer = trial::ask(places, word, kWayBack);
  if (answer && answer->word == trial::kUnknown && !older.empty()) {
    answer = trial::ask(places, older);
  }
  if (!answer) throw base::Error(base::ErrorKind::kFailure, "no trial waits to be confirmed");
  if (answer->word == trial::kUnknown) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "the trial was started by an older overland, which cannot do that");
  }
  return *answer;
}

int go_back(const trial::Places& places) {
  const auto answer = ask(places, trial::kGoBack, trial::kUndo);
  if (answer.word == trial::kUndone && !answer.sentences.empty()) {
    spdlog::error("rolled back, but not all of it:");
    log_lines(spdlog::level::err, answer.sentences);
    return kFailed;
  }
  if (answer.word == trial::kUndone) {
    std::cout << "Rolled back: the host is as it was before\n";
    return kOk;
  }
  if (answer.word == trial::kUndoing) {
    std::cout << "The changes are being rolled back\n";
    return kOk;
  }
  std::cout << "Too late: it was confirmed\n";
  return kFailed;
}

}  // namespace

int confirm(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("undo", po::bool_switch(), "do not keep the change: roll it back now")(
      "install", po::bool_switch(),
      "keep it, and make the inventory that was tried the installed one")(
      "state", po::value<std::string>()->default_value("/var/lib/overland/state.json"),
      "the state file of that overland try")(
      "lock", po::value<std::string>()->default_value("/run/overland/lock"),
      "the lock file of that overland try");
  const auto values = parse(arguments, "confirm [OPTIONS]", options);
  if (!values) return kOk;
  if (::geteuid() != 0) {
    throw base::Error(base::ErrorKind::kPrivilege, "run as root: only it is answered by a trial");
  }
  const bool undo = (*values)["undo"].as<bool>();
  const bool install = (*values)["install"].as<bool>();
  if (undo && install) {
    throw base::Error(base::ErrorKind::kUsage, "--undo and --install contradict each other");
  }
  Options given;
  given.state_file = (*values)["state"].as<std::string>();
  given.lock_file = (*values)["lock"].as<std::string>();
  const auto places = trial_places(given);
  if (undo) return go_back(places);
  const auto answer =
      install ? ask(places, trial::kInstall, {}) : ask(places, trial::kKeep, trial::kConfirm);
  if (answer.word == trial::kNotYet) {
    throw base::Error(base::ErrorKind::kLocked, "the trial still makes its changes; try again");
  }
  if (answer.word == trial::kRefused) {
    throw base::Error(base::ErrorKind::kFailure, answer.sentences + "; the trial goes on");
  }
  if (answer.word != trial::kKept) {
    std::cout << "Too late: the changes are being rolled back\n";
    return kFailed;
  }
  // An older watchdog does not say more.
  std::cout << (answer.sentences.empty() ? "Confirmed" : answer.sentences) << "\n";
  return kOk;
}

}  // namespace overland::cli
