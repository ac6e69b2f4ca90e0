// The verb add: a host more in the inventory.

#include <iostream>

#include "base/error.h"
#include "cli/editing.h"
#include "cli/exit_code.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

inventory::NewHost new_host(const po::variables_map& values) {
  if (values.count("name") == 0) refuse("add takes a host: overland add HOST --address ADDRESS");
  if (values.count("address") == 0) refuse("a host needs its underlay address: --address ADDRESS");
  inventory::NewHost host;
  host.name = values["name"].as<std::string>();
  for (const auto& text : values["address"].as<std::vector<std::string>>()) {
    const auto address = model::Address::parse(text);
    if (!address) refuse("--address takes an address without a length, not '" + text + "'");
    host.addresses.push_back(*address);
  }
  const auto& bip = values["bip"].as<std::string>();
  host.from_pool = bip == "auto";
  host.length = bip_length(values);
  if (host.from_pool || bip == "none") return host;
  host.bip = model::InterfaceAddress::parse(bip);
  if (!host.bip) refuse("--bip takes an address with a length, auto or none, not '" + bip + "'");
  return host;
}

void report(const EditPlace& place, const inventory::NewHost& host, const EditPlace::Done& done,
            bool dry_run) {
  const auto& [edit, changed] = done;
  std::cout << place.name() << ": host " << host.name << (changed ? " added" : " is there already");
  const auto& bips = changed ? edit.given : edit.had;
  std::cout << (bips.empty() ? ", without a bip" : ", bip " + bips.front().bip.to_string());
  if (!changed) {
    std::cout << "; nothing changed\n";
    return;
  }
  if (!edit.slots.empty()) std::cout << ", slot " << edit.slots.front().slot;
  std::cout << edit_ending(edit, dry_run);
  if (dry_run) return;
  std::cout << "Next: " << place.roll_out({}) << ", then\n"
            << "`overland apply" << (bips.empty() ? "" : " --restart-docker") << "` on "
            << host.name << ".\n";
}

}  // namespace

int add_host_in(EditPlace& place, const std::vector<std::string>& arguments) {
  auto options = place.options();
  options.add_options()("address", po::value<std::vector<std::string>>()->composing(),
                        "its address in a segment; may be given several times")(
      "bip", po::value<std::string>()->default_value("auto"),
      "auto takes the next of the pool; or ADDRESS/LENGTH, or none");
  add_length_option(options);
  options.add_options()("name", po::value<std::string>(),
                        "the host; may be given without the option");
  const auto values =
      parse(arguments, place.verb("add") + " [OPTIONS] HOST --address ADDRESS", options, "name");
  if (!values) return kOk;
  const auto host = new_host(*values);
  place.choose(*values, nullptr);
  const auto done = place.edit(
      [&host](const inventory::Sources& before) { return inventory::add_host(before, host); },
      Lacks::kHosts);
  const bool dry_run = (*values)["dry-run"].as<bool>();
  if ((*values)["json"].as<bool>()) {
    std::cout << edit_json(place, done, dry_run);
  } else {
    report(place, host, done, dry_run);
  }
  return kOk;
}

int add_host(const std::vector<std::string>& arguments) {
  FilePlace place;
  return add_host_in(place, arguments);
}

}  // namespace overland::cli
