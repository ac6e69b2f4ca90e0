#pragma once
// The installed inventory, which overland.timer and the next boot apply, beside the one that a verb
// was given.

#include <string>

#include "cli/options.h"

namespace overland::cli {

/// Whether there is an installed inventory of other bytes than `bytes`, with its fragments.
bool installed_differs(const std::string& bytes);

/// Says on standard error that `bytes`, which is applied from another file, will be undone by the
/// timer, where that is so.
void warn_of_installed(const Options& options, const std::string& bytes);

/// Puts `bytes`, which have been applied, in its place, 0644; the old one stays as
/// inventory.toml.bak. Throws kInventory where the installed fragments are others: to exchange
/// several files is not one step.
void install_inventory(const std::string& bytes);

/// What is true of a trial that was confirmed; a sentence a line.
struct Kept {
  bool installed = false;    // what was tried has become the installed inventory
  bool differs = false;      // that one is another, and will be applied again
  bool restart_due = false;  // Docker has not read daemon.json yet
};
std::string describe(const Kept& kept);

}  // namespace overland::cli
