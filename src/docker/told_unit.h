#pragma once
// What systemd told of docker.service, kept for a later process: systemd need not be asked again
// while nothing has changed that its word was made from.

#include <optional>
#include <string>

#include "docker/systemd_unit.h"

namespace overland::docker {

struct ToldUnit {
  std::optional<UnitCommand> unit;
  std::string files;  // unit_files() before it was told
};

/// Which files the units of Docker may be made of, and when systemd read such files last: where
/// this has changed its answer may be another. What an answer tells of the process is looked at
/// elsewhere: who runs by the process, who listens by the socket.
std::string unit_files();

/// One line; empty where names in it are no text.
std::string to_text(const ToldUnit& told);
/// The reverse; nullopt where it is none.
std::optional<ToldUnit> told_unit_of(const std::string& text);

}  // namespace overland::docker
