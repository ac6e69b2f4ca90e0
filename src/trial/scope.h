#pragma once
// Moves a process out of its login session: with KillUserProcesses=yes of logind.conf(5) systemd
// ends everything in it when the session does.

#include <sys/types.h>

#include <string>

namespace overland::trial {

/// Puts `pid` into a transient scope `name` ("overland-try.scope") under system.slice. False where
/// no systemd runs. Throws where it refuses, or has not done it within five seconds.
bool move_to_scope(pid_t pid, const std::string& name, const std::string& description);

}  // namespace overland::trial
