// The verb remove: a host less in the inventory.

#include <iostream>

#include "base/error.h"
#include "cli/editing.h"
#include "cli/exit_code.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

void report(const EditPlace& place, const std::string& name, const inventory::Edit& edit,
            bool dry_run) {
  std::cout << place.path(edit.fragment) << ": host " << name << " removed (line";
  if (edit.first_line != edit.last_line) std::cout << "s " << edit.first_line << " to";
  std::cout << " " << edit.last_line << ")" << edit_ending(edit, dry_run);
  if (edit.comment_line != 0) {
    std::cout << "The comment above it, line " << edit.comment_line
              << ", stays: see whether it still fits.\n";
  }
  if (dry_run) return;
  std::cout << "Next: " << place.roll_out(name) << ";\n"
            << "where many hosts went since the last roll-out, removals are held until `overland "
               "apply --prune`.\n"
            << "On " << name
            << ": `systemctl disable --now overland.timer overland.service overland-boot.service "
               "overland-watch.service`, "
               "then `overland purge`.\n";
}

}  // namespace

int remove_host_in(EditPlace& place, const std::vector<std::string>& arguments) {
  auto options = place.options();
  options.add_options()("name", po::value<std::string>(),
                        "the host; may be given without the option");
  const auto values = parse(arguments, place.verb("remove") + " [OPTIONS] HOST", options, "name");
  if (!values) return kOk;
  if (values->count("name") == 0) {
    throw base::Error(base::ErrorKind::kUsage,
                      "remove takes a host: overland " + place.verb("remove") + " HOST");
  }
  const auto name = (*values)["name"].as<std::string>();
  place.choose(*values, nullptr);
  const auto done = place.edit(
      [&name](const inventory::Sources& before) { return inventory::remove_host(before, name); },
      Lacks::kNothing);
  const bool dry_run = (*values)["dry-run"].as<bool>();
  if ((*values)["json"].as<bool>()) {
    std::cout << edit_json(place, done, dry_run, name);
  } else {
    report(place, name, done.edit, dry_run);
  }
  return kOk;
}

int remove_host(const std::vector<std::string>& arguments) {
  FilePlace place;
  return remove_host_in(place, arguments);
}

}  // namespace overland::cli
