// The verb watch.

#include <signal.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/notify.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/question.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "cli/watch_told.h"
#include "cli/watcher.h"

namespace overland::cli {
namespace {

po::options_description description() {
  auto options = machine_options();
  options.add_options()("prometheus", po::value<std::string>()->value_name("FILE"),
                        "write metrics there, whenever they change")(
      "follow", po::bool_switch(),
      "apply the inventory file when it has changed, after five seconds of quiet");
  options.add(lock_options());
  options.add(run_options());
  return options;
}

base::FileLock only_one(const Options& options) {
  try {
    return base::FileLock::on_own_file(watch_lock(options));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kLocked) throw;
    throw base::Error(base::ErrorKind::kLocked, "another overland watch runs here");
  }
}

/// What an apply gets of the options that were given to us.
std::vector<std::string> apply_arguments(const po::variables_map& values) {
  std::vector<std::string> arguments = {"--quiet", "--wait", "5"};
  for (const char* const name :
       {"inventory", "fragments", "host", "firewall", "state", "lock", "runs"}) {
    if (values.count(name) == 0) continue;
    arguments.insert(arguments.end(), {std::string("--") + name, values[name].as<std::string>()});
  }
  if (values.count("allow-cover") == 0) return arguments;
  for (const auto& one : values["allow-cover"].as<std::vector<std::string>>()) {
    arguments.insert(arguments.end(), {"--allow-cover", one});
  }
  return arguments;
}

/// A fault is told, and others apply: the timer, or whoever reads the journal. False where somebody
/// else is at work.
bool apply_now(const std::vector<std::string>& arguments) {
  spdlog::warn("applying the inventory, which has changed");
  try {
    return apply(arguments) != kLocked;
  } catch (const base::Error& error) {
    log_lines(spdlog::level::err, error.what());
    return error.kind() != base::ErrorKind::kLocked;
  }
}

}  // namespace

int watch(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "watch [OPTIONS]", description());
  if (!values) return kOk;
  Options options = read_options(*values);
  if (options.inventory == "-") {
    throw base::Error(base::ErrorKind::kUsage, "watch takes no inventory from standard input");
  }
  require_privilege();
  ::signal(SIGPIPE, SIG_IGN);  // whoever reads what we print may go at any time
  const base::UniqueFd stopped = catch_stops();
  const base::FileLock lock = only_one(options);
  WatchOptions watch_options;
  if (values->count("prometheus") != 0) {
    watch_options.prometheus = (*values)["prometheus"].as<std::string>();
  }
  if ((*values)["follow"].as<bool>()) {
    watch_options.follow = [given = apply_arguments(*values)] { return apply_now(given); };
  }
  std::error_code error;
  std::filesystem::remove(watch_lock(options).replace_extension(".json"), error);
  Watcher(options, std::move(watch_options)).run(stopped.get());
  base::notify("STOPPING=1");
  std::filesystem::remove(watch_lock(options).replace_extension(".json"), error);
  return kOk;
}

}  // namespace overland::cli
