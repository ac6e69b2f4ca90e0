#include "docker/told_unit.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "base/digest.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// systemd.unit(5), of the system; a reload makes the folders of the generators anew, and where
/// they are empty leaves a trace in the one above.
constexpr std::array kFolders = {
    "/etc/systemd/system",           "/etc/systemd/system.control", "/run/systemd/system",
    "/run/systemd/system.control",   "/run/systemd/transient",      "/run/systemd/generator",
    "/run/systemd/generator.early",  "/run/systemd/generator.late", "/run/systemd",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",     "/lib/systemd/system"};
constexpr std::array kNames = {"docker.service", "snap.docker.dockerd.service", "docker.socket"};

void add_file(const fs::path& file, base::Digest& sum) {
  struct stat status = {};
  const bool there = ::stat(file.c_str(), &status) == 0;
  sum.add(std::uint64_t{there});
  if (!there) return;
  sum.add(std::uint64_t{status.st_ino});
  for (const timespec& time : {status.st_mtim, status.st_ctim}) {
    sum.add(static_cast<std::uint64_t>(time.tv_sec));
    sum.add(static_cast<std::uint64_t>(time.tv_nsec));
  }
}

/// The folder and what is in it.
void add_drop_ins(const fs::path& folder, base::Digest& sum) {
  add_file(folder, sum);
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    files.push_back(at->path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    sum.add(file.native());
    add_file(file, sum);
  }
}

}  // namespace

std::string unit_files() {
  base::Digest sum(0);
  for (const fs::path folder : kFolders) {
    add_file(folder, sum);
    add_drop_ins(folder / "service.d", sum);
    for (const std::string name : kNames) {
      add_file(folder / name, sum);
      add_drop_ins(folder / (name + ".d"), sum);
    }
  }
  return std::to_string(sum.value());
}

std::string to_text(const ToldUnit& told) {
  Json unit = nullptr;
  if (told.unit) {
    const UnitCommand& one = *told.unit;
    unit = Json::array({one.program.native(), one.arguments, one.environment, one.environment_files,
                        one.running, one.on_demand});
  }
  try {
    return Json::array({told.files, unit}).dump();
  } catch (const Json::exception&) {
    return {};
  }
}

std::optional<ToldUnit> told_unit_of(const std::string& text) {
  using Words = std::vector<std::string>;
  if (text.empty()) return std::nullopt;
  try {
    const Json all = Json::parse(text);
    ToldUnit told{std::nullopt, all.at(0).get<std::string>()};
    const Json& unit = all.at(1);
    if (unit.is_null()) return told;
    told.unit =
        UnitCommand{unit.at(0).get<std::string>(), unit.at(1).get<Words>(), unit.at(2).get<Words>(),
                    unit.at(3).get<Words>(),       unit.at(4).get<bool>(),  unit.at(5).get<bool>()};
    return told;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace overland::docker
