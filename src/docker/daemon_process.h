#pragma once
// The dockerd process that runs here, found without asking it: connecting to its socket would make
// systemd start a stopped Docker. A process counts if it runs as root in our user, process and
// network namespaces and its program is one that only root can replace; its name proves nothing.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "docker/programs.h"
#include "model/finding.h"

namespace overland::docker {

struct DaemonProcess {
  pid_t pid = 0;
  std::string instance;                // names this life of the process, over reboots too
  std::vector<std::string> arguments;  // without the program's name
  std::filesystem::path program;       // which of the programs it runs; empty: replaced on disk
  std::filesystem::path folder;        // working directory: relative paths in arguments start here
};

struct Sighting {
  std::optional<DaemonProcess> process;
  std::optional<model::Finding> doubt;  // root runs what may be Docker, and it does not count
};

/// The process `pidfile` names, if it counts; else, with `all`, the first of all that does, which
/// costs three system calls for each process there is. `proc` is where procfs is mounted. Processes
/// of other users are passed over: they are no Docker of this machine's.
///
/// A dockerd whose program was replaced on disk by a package's upgrade goes on running from a file
/// without a name. It counts where that name was one of `programs` and a pid file of root's names
/// the process. Never throws for what a process does.
Sighting find_daemon(const std::filesystem::path& pidfile, const std::filesystem::path& proc,
                     const Programs& programs, bool all);

}  // namespace overland::docker
