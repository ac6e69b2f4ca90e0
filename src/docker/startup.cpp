#include "docker/startup.h"

#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "docker/systemd_unit.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLimit = std::size_t{1} << 20U;

std::map<std::string, std::string> environment_of(const UnitCommand& unit) {
  std::map<std::string, std::string> environment;
  for (const std::string& assignment : unit.environment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) continue;
    environment[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  for (const std::string& file : unit.environment_files) {
    const std::string text = base::read_file(file, kFileLimit).value_or("");
    for (auto& [name, value] : parse_environment(text)) environment[name] = value;
  }
  return environment;
}

/// Flags dockerd will get at its next start.
std::vector<Flag> configured_flags(const Places& places) {
  if (systemd_runs(places)) {
    const auto unit = docker_unit({places.systemd_bus});
    if (!unit) return {};
    return parse_flags(expand_variables(unit->arguments, environment_of(*unit)),
                       "the unit docker.service");
  }
  const auto text = base::read_file(places.defaults, kFileLimit);
  if (!text) return {};
  return parse_flags(expand_variables({"$DOCKER_OPTS"}, parse_environment(*text)),
                     "DOCKER_OPTS in " + places.defaults.string());
}

fs::path find_program(const Startup& startup, const Places& places) {
  if (startup.process && !startup.process->program.empty()) return startup.process->program;
  const auto found = std::ranges::find_if(places.programs, [](const fs::path& program) {
    return ::access(program.c_str(), X_OK) == 0;
  });
  return found == places.programs.end() ? fs::path() : *found;
}

}  // namespace

bool systemd_runs(const Places& places) {
  std::error_code error;
  return fs::is_directory(places.systemd, error);
}

Startup look_up_startup(const Places& places) {
  Startup startup;
  startup.daemon_json = places.daemon_json;
  startup.process = find_daemon(places.pidfile, places.proc);
  startup.program = find_program(startup, places);
  if (startup.process) {
    startup.flags =
        parse_flags(startup.process->arguments, "the command line of dockerd (process " +
                                                    std::to_string(startup.process->pid) + ")");
  }
  if (!startup.process && startup.program.empty()) return startup;  // no Docker: nothing to ask
  for (const Flag& flag : configured_flags(places)) {
    const auto same = [&](const Flag& other) { return other.text() == flag.text(); };
    if (std::ranges::none_of(startup.flags, same)) startup.flags.push_back(flag);
  }
  // The last one wins: what the next start will read counts more than what the last one read.
  for (const Flag& flag : startup.flags) {
    if (flag.name != "config-file" || flag.value.empty()) continue;
    startup.daemon_json = (startup.process ? startup.process->folder : fs::path("/")) / flag.value;
  }
  return startup;
}

}  // namespace overland::docker
