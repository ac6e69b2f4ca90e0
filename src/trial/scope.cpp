#include "trial/scope.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/systemd_bus.h"

namespace overland::trial {
namespace {

constexpr std::chrono::seconds kPatience(5);
constexpr const char* kElseSay = "systemd gives the watchdog no scope of its own";

std::string cgroup_of(pid_t pid) {
  constexpr std::size_t kLimit = 65536;
  return base::read_file("/proc/" + std::to_string(pid) + "/cgroup", kLimit).value_or("");
}

}  // namespace

bool move_to_scope(pid_t pid, const std::string& name, const std::string& description) {
  std::error_code error;
  if (!std::filesystem::is_directory("/run/systemd/system", error)) return false;  // sd_booted(3)
  const base::Deadline deadline(kPatience);
  base::SystemdBus bus("", deadline);
  // org.freedesktop.systemd1(5): StartTransientUnit(name, mode, properties, auxiliary units)
  bus.call(kElseSay, "StartTransientUnit", "ssa(sv)a(sa(sv))", name.c_str(), "fail", 3,
           "Description", "s", description.c_str(), "PIDs", "au", 1,
           static_cast<std::uint32_t>(pid), "CollectMode", "s", "inactive-or-failed", 0);
  // The answer names a job; the move itself shows in the process's cgroup.
  while (cgroup_of(pid).find("/" + name) == std::string::npos) {
    if (deadline.left().count() <= 0) {
      throw base::Error(base::ErrorKind::kFailure,
                        std::string(kElseSay) + ": " + base::errno_text(ETIMEDOUT), ETIMEDOUT);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace overland::trial
