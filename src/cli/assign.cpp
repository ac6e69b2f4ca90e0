// The verb assign: bips from the pool, and slots, written into the inventory.

#include <iostream>

#include "cli/editing.h"
#include "cli/exit_code.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

/// Where one host of `edit` is to be restarted, it is named.
std::string restarts(const inventory::Edit& edit) {
  return edit.given.size() == 1 ? edit.given.front().host : "each host with a new bip";
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void report(const EditPlace& place, const inventory::Edit& edit, bool dry_run) {
  for (const auto& one : edit.had) {
    std::cout << one.host << ": bip " << one.bip.to_string() << " already, unchanged\n";
  }
  if (edit.given.empty() && edit.slots.empty()) {
    std::cout << place.name() << ": no host waits for a bip; nothing changed\n";
    return;
  }
  for (const auto& one : edit.given) {
    std::cout << one.host << ": bip " << one.bip.to_string() << "\n";
  }
  for (const auto& one : edit.slots) std::cout << one.host << ": slot " << one.slot << "\n";
  std::cout << place.name() << ": " << (edit.given.empty() ? "" : counted(edit.given.size(), "bip"))
            << (edit.given.empty() || edit.slots.empty() ? "" : " and ")
            << (edit.slots.empty() ? "" : counted(edit.slots.size(), "slot")) << " assigned"
            << edit_ending(edit, dry_run);
  if (dry_run) return;
  std::cout << "Next: " << place.roll_out({})
            << (edit.given.empty()
                    ? "."
                    : ", then\n`overland apply --restart-docker` on " + restarts(edit) + ".")
            << "\n";
}

}  // namespace

int assign_in(EditPlace& place, const std::vector<std::string>& arguments) {
  auto options = place.options();
  options.add_options()("all", po::bool_switch(),
                        "every host without a bip gets one, unless it is a router");
  add_length_option(options);
  options.add_options()("names", po::value<std::vector<std::string>>(),
                        "FILE, if the first one ends in .toml or has a slash, and hosts without a "
                        "bip; may be given without the option");
  const auto values =
      parse(arguments, place.verb("assign") + " [OPTIONS] [FILE] [HOST...]", options, "names", -1);
  if (!values) return kOk;
  inventory::AssignRequest request;
  if (values->count("names") != 0)
    request.hosts = (*values)["names"].as<std::vector<std::string>>();
  place.choose(*values, &request.hosts);
  request.all = (*values)["all"].as<bool>();
  request.length = bip_length(*values);
  const auto done = place.edit(
      [&request](const inventory::Sources& before) { return inventory::assign(before, request); },
      Lacks::kSlots);
  const bool dry_run = (*values)["dry-run"].as<bool>();
  if ((*values)["json"].as<bool>()) {
    std::cout << edit_json(place, done, dry_run);
  } else {
    report(place, done.edit, dry_run);
  }
  return kOk;
}

int assign(const std::vector<std::string>& arguments) {
  FilePlace place;
  return assign_in(place, arguments);
}

}  // namespace overland::cli
