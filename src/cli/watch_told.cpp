#include "cli/watch_told.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/trusted_path.h"
#include "plan/describe.h"

namespace overland::cli {
namespace {

using Json = nlohmann::ordered_json;

std::filesystem::path place(const Options& options, const char* name) {
  return std::filesystem::path(options.runs_file).parent_path() / name;
}

/// The first line of what was done to one resource.
std::string sentence(const plan::Step& step) {
  const auto [resource, detail] = plan::words(step);
  const auto line = detail.substr(0, detail.find('\n'));
  return plan::sign(plan::operation(step)) + (" " + resource) + (line.empty() ? "" : ": " + line);
}

}  // namespace

bool Telling::may_tell() {
  constexpr double kMost = 20;
  constexpr std::chrono::duration<double> kEach(6);
  const auto now = Clock::now();
  lines_ = std::min(kMost, lines_ + (now - last_) / kEach);
  last_ = now;
  if (lines_ < 1) return false;
  lines_ -= 1;
  return true;
}

void Telling::repaired(const std::vector<reconcile::StepReport>& steps, Clock::duration took) {
  constexpr std::size_t kNamed = 3;
  std::size_t done = 0;
  std::string text;
  for (const auto& one : steps) {
    if (one.status != reconcile::Status::kDone) continue;
    if (++done <= kNamed) text += (text.empty() ? "" : "; ") + sentence(one.step);
  }
  if (done == 0) return;
  if (!may_tell()) {
    ++untold_;
    return;
  }
  const auto milliseconds = std::chrono::duration<double, std::milli>(took).count();
  std::cout << "repaired in " << std::round(milliseconds * 100) / 100 << " ms: " << text;
  if (done > kNamed) std::cout << "; and " << done - kNamed << " more";
  if (untold_ > 0) std::cout << " (" << untold_ << " repairs before are not told)";
  std::cout << std::endl;
  untold_ = 0;
}

void Telling::complain(const std::string& sentence) {
  constexpr std::chrono::minutes kAgain(5);
  constexpr std::size_t kMost = 256;
  const auto now = Clock::now();
  const auto found = complaints_.find(sentence);
  if (found != complaints_.end() && now - found->second < kAgain) return;
  if (complaints_.size() >= kMost) complaints_.clear();
  complaints_[sentence] = now;
  spdlog::error("{}", sentence);
}

std::filesystem::path watch_lock(const Options& options) { return place(options, "watch.lock"); }

void store_fights(const Options& options, const std::vector<watch::Fight>& fights,
                  const std::string& maker) {
  Json list = Json::array();
  for (const auto& fight : fights) {
    list.push_back({{"resource", fight.resource},
                    {"repairs", fight.repairs},
                    {"pause_seconds", fight.pause.count() / 1000},
                    {"maker", fight.resource == "firewall" ? maker : ""}});
  }
  const Json document = {{"fights", list}};
  base::replace_file(place(options, "watch.json"), document.dump() + "\n",
                     {0644, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

namespace {

bool watcher_lives(const Options& options) {
  std::error_code error;
  if (!std::filesystem::exists(watch_lock(options), error)) return false;
  try {
    const base::FileLock free = base::FileLock::on_own_file(watch_lock(options));
    return false;
  } catch (const base::Error& error_of_lock) {
    return error_of_lock.kind() == base::ErrorKind::kLocked;
  }
}

/// What tells who changes it.
std::string monitor_of(const std::string& resource) {
  if (resource == "firewall") return "nft monitor";
  if (resource.starts_with("network ")) return "docker events --filter type=network";
  return resource.starts_with("docker") ? "auditctl -w /etc/docker" : "ip monitor";
}

model::Finding finding(const Json& fight) {
  const auto maker = fight.at("maker").get<std::string>();
  const auto resource = fight.at("resource").get<std::string>();
  return {model::Severity::kConflict, resource,
          (maker.empty() ? "somebody" : "'" + maker + "'") + " undoes it each time: repaired " +
              std::to_string(fight.at("repairs").get<unsigned>()) + " times in a row, now every " +
              std::to_string(fight.at("pause_seconds").get<std::int64_t>()) + " s",
          "find who does it: " + monitor_of(resource)};
}

}  // namespace

std::vector<model::Finding> load_fights(const Options& options) {
  constexpr std::size_t kLimit = 4U << 20U;
  std::vector<model::Finding> findings;
  if (options.runs_file.empty() || !watcher_lives(options)) return findings;
  try {
    const auto text =
        base::read_trusted(place(options, "watch.json"), kLimit, base::Sticky::kFoldersOnly);
    if (!text) return findings;
    const Json document = Json::parse(*text);
    for (const auto& fight : document.at("fights")) findings.push_back(finding(fight));
  } catch (const Json::exception&) {
    return {};  // it was written by another version
  } catch (const base::Error& error) {
    spdlog::warn("what overland watch fights is not known: {}", error.what());
  }
  return findings;
}

}  // namespace overland::cli
