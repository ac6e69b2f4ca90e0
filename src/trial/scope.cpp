#include "trial/scope.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace overland::trial {
namespace {

struct BusCloser {
  void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
};
struct MessageRelease {
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};

constexpr std::chrono::seconds kPatience(5);

/// `status` is a negative errno, as sd-bus returns them.
void check(int status) {
  if (status >= 0) return;
  throw base::Error(base::ErrorKind::kFailure,
                    "systemd gives the watchdog no scope of its own: " + base::errno_text(-status),
                    -status);
}

/// A bus that takes the connection and says nothing would hold sd_bus_call for 90 s.
void greet(sd_bus* bus, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const int done = ::sd_bus_process(bus, nullptr);
    check(done);
    const int ready = ::sd_bus_is_ready(bus);
    check(ready);
    if (ready > 0) return;
    if (done > 0) continue;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) check(-ETIMEDOUT);
    check(::sd_bus_wait(bus, static_cast<std::uint64_t>(
                                 std::chrono::ceil<std::chrono::microseconds>(left).count())));
  }
}

std::string cgroup_of(pid_t pid) {
  constexpr std::size_t kLimit = 65536;
  return base::read_file("/proc/" + std::to_string(pid) + "/cgroup", kLimit).value_or("");
}

}  // namespace

bool move_to_scope(pid_t pid, const std::string& name, const std::string& description) {
  if (::sd_booted() <= 0) return false;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  sd_bus* raw_bus = nullptr;
  check(::sd_bus_open_system(&raw_bus));
  const std::unique_ptr<sd_bus, BusCloser> bus(raw_bus);
  ::sd_bus_set_method_call_timeout(raw_bus, std::chrono::microseconds(kPatience).count());
  greet(raw_bus, deadline);
  sd_bus_message* raw_call = nullptr;
  // org.freedesktop.systemd1(5): StartTransientUnit(name, mode, properties, auxiliary units)
  check(::sd_bus_message_new_method_call(raw_bus, &raw_call, "org.freedesktop.systemd1",
                                         "/org/freedesktop/systemd1",
                                         "org.freedesktop.systemd1.Manager", "StartTransientUnit"));
  const std::unique_ptr<sd_bus_message, MessageRelease> call(raw_call);
  check(::sd_bus_message_append(raw_call, "ssa(sv)a(sa(sv))", name.c_str(), "fail", 3,
                                "Description", "s", description.c_str(), "PIDs", "au", 1,
                                static_cast<std::uint32_t>(pid), "CollectMode", "s",
                                "inactive-or-failed", 0));
  check(::sd_bus_call(raw_bus, raw_call, 0, nullptr, nullptr));
  // The answer names a job; the move itself shows in the process's cgroup.
  while (cgroup_of(pid).find("/" + name) == std::string::npos) {
    if (std::chrono::steady_clock::now() >= deadline) check(-ETIMEDOUT);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace overland::trial
