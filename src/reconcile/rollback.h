#pragma once
// Going back to the state before an apply, whole: steps undone, then looked at again, and the bytes
// of daemon.json and of our memory as they were.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/ports.h"
#include "reconcile/survey.h"

namespace overland::reconcile {

/// What a way back needs to know, taken before the first change.
struct Before {
  model::HostState state;                  // as it was, in all the plan touches
  std::vector<plan::Step> steps;           // that undo the plan, in this order
  std::optional<std::string> docker_file;  // daemon.json's bytes; nullopt: there is none
  std::optional<std::string> saved_file;   // our memory's bytes; nullopt: there is none
  bool daemon_json_unread = false;         // then there is no state of it to go back to
  bool changes_networks = false;           // whether the plan does; else they are left alone
  bool writes_docker_file = false;         // whether the plan does
};

/// Throws kUnsupported where the state now is one that cannot be made again: rules of ours that
/// somebody has damaged.
Before remember_before(const host::Ports& ports, const Survey& survey,
                       const std::filesystem::path& saved_file);

/// Looks what differs from before.state, puts that back, and looks again; where looking fails, goes
/// back by before.steps. Each of routes with links and sysctls, firewall, daemon.json and memory is
/// tried whatever came of the others. Never throws.
/// Sentences that say what could not be put back; empty: all is as before.
std::vector<std::string> roll_back(const host::Ports& ports, const Before& before,
                                   const std::filesystem::path& saved_file);

}  // namespace overland::reconcile
