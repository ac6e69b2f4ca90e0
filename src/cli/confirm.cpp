#include <iostream>

#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/verb.h"
#include "trial/control.h"

namespace overland::cli {

int confirm(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  options.add_options()("undo", po::bool_switch(), "do not keep the change: roll it back now")(
      "lock", po::value<std::string>()->default_value("/run/overland/lock"),
      "the lock file of that overland try");
  const auto values = parse(arguments, "confirm [OPTIONS]", options);
  if (!values) return kOk;
  Options given;
  given.lock_file = (*values)["lock"].as<std::string>();
  const bool undo = (*values)["undo"].as<bool>();
  const auto answer = trial::ask(trial_socket(given), undo ? trial::kUndo : trial::kConfirm);
  if (!answer) {
    throw base::Error(base::ErrorKind::kFailure, "no trial waits to be confirmed");
  }
  if (*answer == trial::kNotYet) {
    throw base::Error(base::ErrorKind::kLocked, "the trial still makes its changes; try again");
  }
  if (*answer == trial::kKept) {
    std::cout << "Confirmed: the changes stay\n";
    return undo ? kFailed : kOk;
  }
  std::cout << (undo ? "The changes are being rolled back\n"
                     : "Too late: the changes are being rolled back\n");
  return undo ? kOk : kFailed;
}

}  // namespace overland::cli
