#pragma once
// docker.service, or the snap's unit, as systemd knows it, over D-Bus: the command it will start
// and the restart of it. All throw kFailure where systemd cannot be asked, ETIMEDOUT where it does
// not answer in time.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace overland::docker {

struct UnitCommand {
  std::filesystem::path program;         // of ExecStart
  std::vector<std::string> arguments;    // of ExecStart, without the program; `$NAME` unexpanded
  std::vector<std::string> environment;  // NAME=value
  std::vector<std::string> environment_files;  // absolute paths; later ones win
  bool running = false;                        // systemd has a process of it
  bool on_demand = false;  // while it is stopped another unit may start it: docker.socket
};

/// The address of systemd's bus by default; another one, such as "unix:path=/tmp/bus", for tests.
struct SystemdAddress {
  std::string bus;  // empty: the system bus, or systemd's own socket where there is none yet
};

/// nullopt where systemd has no docker.service, or a masked one, which starts nothing. Waits at
/// most `patience` for all answers together. Does not start anything.
std::optional<UnitCommand> docker_unit(std::chrono::milliseconds patience,
                                       const SystemdAddress& address = {});

/// Restarts docker.service and waits at most `patience` until systemd is done with it. Throws
/// kUnsupported where there is no such unit, else kFailure with systemd's reason and the remedy.
void restart_docker_unit(std::chrono::seconds patience, const SystemdAddress& address = {});

}  // namespace overland::docker
