#pragma once
// How dockerd runs on this machine and how it will be started next: its process, its flags, and the
// file it reads.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "docker/daemon_process.h"
#include "docker/flags.h"

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
      "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/usr/local/sbin/dockerd"};
};

struct Startup {
  std::optional<DaemonProcess> process;
  std::vector<Flag> flags;            // of the process, then what its unit has beside them
  std::filesystem::path daemon_json;  // absolute
  std::filesystem::path program;      // empty where none is installed
};

bool systemd_runs(const Places& places);

Startup look_up_startup(const Places& places);

}  // namespace overland::docker
