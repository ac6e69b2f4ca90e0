#include "cli/editing.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/log.h"
#include "cli/plan_json.h"
#include "inventory/codes.h"
#include "inventory/keys.h"

namespace overland::cli {
namespace {

/// A name ends in .toml or has a slash where it is a file's.
bool is_file(const std::string& name) {
  return name == "-" || name.find('/') != std::string::npos || name.ends_with(".toml");
}

}  // namespace

po::options_description FilePlace::options() const {
  auto options = inventory_options("the file to edit");
  options.add_options()("dry-run", po::bool_switch(),
                        "say what would be written, and write nothing")("json", po::bool_switch(),
                                                                        "print one JSON document");
  return options;
}

void FilePlace::choose(const po::variables_map& values, std::vector<std::string>* names) {
  dry_run_ = values["dry-run"].as<bool>();
  file_ = values["inventory"].as<std::string>();
  if (names != nullptr && !names->empty() && is_file(names->front())) {
    if (!values["inventory"].defaulted()) {
      throw base::Error(base::ErrorKind::kUsage,
                        "the file is given twice, by --inventory and without it");
    }
    file_ = names->front();
    names->erase(names->begin());
  }
  folder_ = fragments_of(file_, values);
}

EditPlace::Done FilePlace::edit(const Change& change, Lacks lacks) {
  const inventory::EditedSources files(file_, folder_);
  require_editable(files.sources(), file_, folder_, lacks);
  Done done{change(files.sources())};
  done.changed = done.edit.after != files.sources();
  if (done.changed && !dry_run_) files.replace(done.edit.after);
  return done;
}

std::string FilePlace::path(const std::string& fragment) const {
  return fragment.empty() ? file_ : folder_ + "/" + fragment;
}

std::string FilePlace::roll_out(const std::string& but) const {
  std::error_code unknown;
  const bool fragments = !folder_.empty() && std::filesystem::is_directory(folder_, unknown);
  std::string sentence = "put " + file_;
  if (file_ == kInstalledInventory) {
    sentence += (fragments ? " and " + folder_ : "") + " on every other host, too";
  } else {
    sentence += std::string(" on every host as ") + kInstalledInventory;
    if (fragments) sentence += ", and what is in " + folder_ + " into " + kInstalledFragments;
  }
  return sentence + (but.empty() ? "" : " but " + but) + ", run `overland apply` there";
}

void add_length_option(po::options_description& options) {
  options.add_options()("length", po::value<std::int64_t>(),
                        "prefix length of the bips; default: bip_length of the inventory, or 24");
}

std::optional<std::uint8_t> bip_length(const po::variables_map& values) {
  if (values.count("length") == 0) return std::nullopt;
  const auto length = values["length"].as<std::int64_t>();
  if (length < inventory::kShortestNetwork || length > inventory::kLongestBridge) {
    throw base::Error(base::ErrorKind::kUsage,
                      "--length takes " + std::to_string(inventory::kShortestNetwork) + " to " +
                          std::to_string(inventory::kLongestBridge));
  }
  return static_cast<std::uint8_t>(length);
}

void require_editable(const inventory::Sources& sources, const std::string& name,
                      const std::string& folder, Lacks lacks) {
  if (lacks == Lacks::kSlots && inventory::parse_to_assign(sources).inventory) return;
  const auto loaded = inventory::parse(sources);
  const auto fine = [lacks](const inventory::Diagnostic& fault) {
    return fault.severity != inventory::Severity::kError ||
           (lacks == Lacks::kHosts && fault.code == entry(inventory::Code::kNoHosts).text);
  };
  if (std::all_of(loaded.diagnostics.begin(), loaded.diagnostics.end(), fine)) return;
  log_lines(spdlog::level::err, inventory::render(loaded.diagnostics, name, folder));
  throw base::Error(base::ErrorKind::kInventory, name + " has faults; mend them first");
}

std::string edit_ending(const inventory::Edit& edit, bool dry_run) {
  std::string ending;
  if (edit.generation) ending = ", generation " + std::to_string(*edit.generation);
  return ending + (dry_run ? "; a dry run, nothing was written\n" : "\n");
}

std::string edit_json(const EditPlace& place, const EditPlace::Done& done, bool dry_run,
                      const std::string& removed) {
  const inventory::Edit& edit = done.edit;
  nlohmann::ordered_json document = {{"schema_version", kSchemaVersion},
                                     {"file", place.name()},
                                     {"changed", done.changed},
                                     {"written", done.changed && !dry_run}};
  if (edit.generation) document["generation"] = *edit.generation;
  auto& bips = document["bips"] = nlohmann::ordered_json::array();
  for (const auto& one : edit.given) {
    bips.push_back({{"host", one.host}, {"bip", one.bip.to_string()}});
  }
  auto& slots = document["slots"] = nlohmann::ordered_json::array();
  for (const auto& one : edit.slots) slots.push_back({{"host", one.host}, {"slot", one.slot}});
  auto& had = document["had"] = nlohmann::ordered_json::array();
  for (const auto& one : edit.had) {
    had.push_back({{"host", one.host}, {"bip", one.bip.to_string()}});
  }
  if (!removed.empty()) {
    document["removed"] = {{"host", removed},
                           {"file", place.path(edit.fragment)},
                           {"first_line", edit.first_line},
                           {"last_line", edit.last_line},
                           {"comment_line", edit.comment_line}};
  }
  return printed(document);
}

}  // namespace overland::cli
