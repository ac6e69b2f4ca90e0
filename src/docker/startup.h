#pragma once
// How dockerd runs on this machine and how it will be started next: its process, its flags, and the
// file it reads. Believes what root says only: a process that counts, a unit, a file of root's.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "docker/daemon_process.h"
#include "docker/flags.h"
#include "docker/programs.h"
#include "docker/systemd_unit.h"
#include "model/finding.h"

namespace overland::docker {

/// Where everything of Docker's is found; tests set up their own.
struct Places {
  std::filesystem::path socket = "/var/run/docker.sock";
  std::filesystem::path daemon_json = "/etc/docker/daemon.json";  // unless --config-file says else
  std::filesystem::path pidfile = "/var/run/docker.pid";
  std::filesystem::path proc = "/proc";
  std::filesystem::path defaults = "/etc/default/docker";  // DOCKER_OPTS of Debian's init script
  std::filesystem::path systemd =
      "/run/systemd/system";  // is there where systemd runs: sd_booted(3)
  std::string systemd_bus;    // D-Bus address; empty: the system's own
  std::filesystem::path service = "/usr/sbin/service";
  std::vector<std::filesystem::path> programs = {
      "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/usr/local/sbin/dockerd",
      "/snap/docker/current/bin/dockerd"};  // the first that is there is the one to ask
};

struct Startup {
  std::optional<DaemonProcess> process;
  std::vector<Flag> flags;            // of the process, then what its unit has beside them
  std::filesystem::path daemon_json;  // absolute
  Programs programs;
  std::filesystem::path program;        // the one to ask; empty where there is none to trust
  bool installed = false;               // a program or a process, believed or not
  bool doubted = false;                 // root runs what may be dockerd, and it does not count
  std::vector<model::Finding> unknown;  // what could not be seen: then the above may be wrong
};

bool systemd_runs(const Places& places);

/// Asks systemd for docker.service; throws base::Error where it does not tell.
using AskUnit = std::function<std::optional<UnitCommand>()>;

/// `ask_unit` is called once at most, and only where systemd runs and there is a Docker or what may
/// be its socket. Processes are looked through only where no pid file names Docker's and it may
/// run for all that.
Startup look_up_startup(const Places& places, const AskUnit& ask_unit);

}  // namespace overland::docker
