#pragma once
// The installed inventory, which overland.timer and the next boot apply, beside the one that a verb
// was given.

#include <string>
#include <string_view>

#include "cli/options.h"

namespace overland::cli {

/// Whether there is an installed inventory of other bytes than `text`.
bool installed_differs(std::string_view text);

/// Says on standard error that `text`, which is applied from another file, will be undone by the
/// timer, where that is so.
void warn_of_installed(const Options& options, std::string_view text);

/// Puts `text`, which has been applied, in its place, 0644; the old one stays as
/// inventory.toml.bak.
void install_inventory(std::string_view text);

/// What is true of a trial that was confirmed; a sentence a line.
struct Kept {
  bool installed = false;    // what was tried has become the installed inventory
  bool differs = false;      // that one is another, and will be applied again
  bool restart_due = false;  // Docker has not read daemon.json yet
};
std::string describe(const Kept& kept);

}  // namespace overland::cli
