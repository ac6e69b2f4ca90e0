#include "docker/startup.h"

#include <algorithm>

#include "base/error.h"
#include "base/trusted_path.h"
#include "docker/api.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLimit = std::size_t{1} << 20U;

model::Finding unknown(const std::string& resource, const std::string& message,
                       const std::string& remedy = {}) {
  return {model::Severity::kUnknown, resource, message, remedy};
}

std::map<std::string, std::string> assignments_of(const fs::path& file) {
  const auto text = base::read_trusted(file, kFileLimit, base::Sticky::kFoldersOnly);
  return parse_environment(text.value_or(""));
}

std::map<std::string, std::string> environment_of(const UnitCommand& unit) {
  std::map<std::string, std::string> environment;
  for (const std::string& assignment : unit.environment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) continue;
    environment[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  for (const std::string& file : unit.environment_files) {
    for (auto& [name, value] : assignments_of(file)) environment[name] = value;
  }
  return environment;
}

/// Flags dockerd will get at its next start.
std::vector<Flag> configured_flags(const Places& places, const std::optional<UnitCommand>& unit) {
  if (unit) {
    return parse_flags(expand_variables(unit->arguments, environment_of(*unit)),
                       "the unit docker.service");
  }
  if (systemd_runs(places)) return {};
  return parse_flags(expand_variables({"$DOCKER_OPTS"}, assignments_of(places.defaults)),
                     "DOCKER_OPTS in " + places.defaults.string());
}

/// Where systemd does not tell, nothing, and a finding.
std::optional<UnitCommand> ask_systemd(const Places& places, const AskUnit& ask_unit,
                                       Startup& startup) {
  if (!systemd_runs(places)) return std::nullopt;
  try {
    return ask_unit();
  } catch (const base::Error& error) {
    const bool no_library = error.kind() == base::ErrorKind::kUnsupported;
    startup.unknown.push_back(
        unknown("docker.service", std::string("systemd cannot be asked: ") + error.what(),
                no_library ? "install it (Debian: libsystemd0, Fedora: systemd-libs)"
                           : "see `systemctl status docker.service`"));
    return std::nullopt;
  }
}

/// Adds to startup.flags what the next start brings beside them; where that cannot be read, a
/// finding.
void add_configured_flags(const Places& places, const std::optional<UnitCommand>& unit,
                          Startup& startup) {
  std::vector<Flag> flags;
  try {
    flags = configured_flags(places, unit);
  } catch (const base::Error& error) {
    startup.unknown.push_back(
        unknown("docker", std::string("the flags of dockerd are not known: ") + error.what()));
  }
  for (const Flag& flag : flags) {
    const auto same = [&](const Flag& other) { return other.text() == flag.text(); };
    if (std::ranges::none_of(startup.flags, same)) startup.flags.push_back(flag);
  }
}

/// Whether a dockerd may run that no pid file names. Who connects to a socket that systemd listens
/// on starts the one behind it, so there systemd's word counts.
bool may_run_unnamed(const Places& places, const std::optional<UnitCommand>& unit) {
  if (unit && unit->running) return true;
  std::error_code error;
  if (!fs::exists(places.socket, error) || (unit && unit->on_demand)) return false;
  return (systemd_runs(places) && !unit) || api_listens(places.socket);
}

/// What is no dockerd by its name is a wrapper, which takes `--version` for something else.
bool names_another(const UnitCommand& unit, const Places& places) {
  return unit.program.filename().string().starts_with("dockerd") &&
         std::ranges::find(places.programs, unit.program) == places.programs.end();
}

void choose_program(Startup& startup) {
  if (startup.process && !startup.process->program.empty()) {
    startup.program = startup.process->program;
  } else if (!startup.programs.trusted.empty()) {
    startup.program = startup.programs.trusted.front().path;
  } else if (!startup.process && !startup.doubted && !startup.programs.fault.empty()) {
    startup.unknown.push_back(unknown("docker", "dockerd is not run: " + startup.programs.fault));
  }
}

}  // namespace

bool systemd_runs(const Places& places) {
  std::error_code error;
  return fs::is_directory(places.systemd, error);
}

Startup look_up_startup(const Places& places, const AskUnit& ask_unit) {
  Startup startup;
  startup.daemon_json = places.daemon_json;
  startup.programs = look_at_programs(places.programs);
  const auto find = [&](bool all) {
    return find_daemon(places.pidfile, places.proc, startup.programs, all);
  };
  Sighting sighting = find(false);
  const auto is_installed = [&] {
    return sighting.process || sighting.doubt || !startup.programs.trusted.empty() ||
           !startup.programs.fault.empty();
  };
  std::error_code error;
  if (!is_installed() && !fs::exists(places.socket, error)) return startup;  // nothing to ask
  const auto unit = ask_systemd(places, ask_unit, startup);
  if (unit && names_another(*unit, places)) {
    std::vector<fs::path> named = places.programs;
    named.push_back(unit->program);
    startup.programs = look_at_programs(named);
    sighting = find(false);
  }
  if (!sighting.process && may_run_unnamed(places, unit)) sighting = find(true);
  startup.process = sighting.process;
  startup.installed = is_installed();
  if (!startup.installed) return startup;
  if (sighting.doubt) startup.unknown.push_back(*sighting.doubt);
  startup.doubted = sighting.doubt.has_value();
  choose_program(startup);
  if (startup.process) {
    startup.flags =
        parse_flags(startup.process->arguments, "the command line of dockerd (process " +
                                                    std::to_string(startup.process->pid) + ")");
  }
  add_configured_flags(places, unit, startup);
  // The last one wins: what the next start will read counts more than what the last one read.
  for (const Flag& flag : startup.flags) {
    if (flag.name != "config-file" || flag.value.empty()) continue;
    startup.daemon_json = (startup.process ? startup.process->folder : fs::path("/")) / flag.value;
  }
  return startup;
}

}  // namespace overland::docker
