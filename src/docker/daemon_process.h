#pragma once
// The dockerd process that runs here, found without asking it: connecting to its socket would make
// systemd start a stopped Docker.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace overland::docker {

struct DaemonProcess {
  pid_t pid = 0;
  std::string instance;                // names this life of the process, over reboots too
  std::vector<std::string> arguments;  // without the program's name
  std::filesystem::path program;       // absolute; empty where it was replaced on disk
  std::filesystem::path folder;        // working directory: relative paths in arguments start here
};

/// The process `pidfile` names, if it is a dockerd; else the dockerd with our own process and
/// network namespaces (a container may run one of its own). `proc` is where procfs is mounted.
std::optional<DaemonProcess> find_daemon(const std::filesystem::path& pidfile,
                                         const std::filesystem::path& proc);

}  // namespace overland::docker
