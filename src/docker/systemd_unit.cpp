#include "docker/systemd_unit.h"

#include <systemd/sd-bus.h>

#include <cerrno>
#include <memory>

#include "base/error.h"

namespace overland::docker {
namespace {

using Clock = std::chrono::steady_clock;

// org.freedesktop.systemd1(5)
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnitInterface = "org.freedesktop.systemd1.Unit";
constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";
constexpr const char* kUnit = "docker.service";
// What systemctl(1) falls back to as root; it serves before the bus daemon runs.
constexpr const char* kPrivateSocket = "unix:path=/run/systemd/private";
constexpr std::uint64_t kCallPatience = 10'000'000;  // microseconds

struct BusCloser {
  void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
};
struct MessageRelease {
  void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
struct SlotRelease {
  void operator()(sd_bus_slot* slot) const { ::sd_bus_slot_unref(slot); }
};
using Bus = std::unique_ptr<sd_bus, BusCloser>;
using Message = std::unique_ptr<sd_bus_message, MessageRelease>;
using Slot = std::unique_ptr<sd_bus_slot, SlotRelease>;

struct BusError {
  sd_bus_error value = {};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { ::sd_bus_error_free(&value); }
};

/// `status` is a negative errno, as sd-bus returns them.
[[noreturn]] void fail(const std::string& what, int status, const BusError* error = nullptr) {
  const bool described = error != nullptr && error->value.message != nullptr;
  throw base::Error(base::ErrorKind::kFailure,
                    what + ": " + (described ? error->value.message : base::errno_text(-status)),
                    -status);
}

void check(int status, const char* what) {
  if (status < 0) fail(what, status);
}

Bus connect_to(const char* address) {
  sd_bus* raw = nullptr;
  check(::sd_bus_new(&raw), "cannot make a D-Bus connection");
  Bus bus(raw);
  check(::sd_bus_set_address(raw, address), "cannot use systemd's address");
  check(::sd_bus_start(raw), "cannot reach systemd");
  return bus;
}

Bus connect(const SystemdAddress& address) {
  if (!address.bus.empty()) return connect_to(address.bus.c_str());
  sd_bus* raw = nullptr;
  if (::sd_bus_open_system(&raw) >= 0) return Bus(raw);
  return connect_to(kPrivateSocket);
}

/// The object path of docker.service; systemd answers for units it has no file of, too.
std::string unit_path(sd_bus* bus) {
  BusError error;
  sd_bus_message* raw = nullptr;
  Message call;
  check(::sd_bus_message_new_method_call(bus, &raw, kService, kManagerPath, kManager, "LoadUnit"),
        "cannot ask systemd");
  call.reset(raw);
  check(::sd_bus_message_append(call.get(), "s", kUnit), "cannot ask systemd");
  sd_bus_message* answer = nullptr;
  const int status = ::sd_bus_call(bus, call.get(), kCallPatience, &error.value, &answer);
  const Message owner(answer);
  if (status < 0) fail("systemd does not tell about docker.service", status, &error);
  const char* path = nullptr;
  check(::sd_bus_message_read(answer, "o", &path), "cannot read systemd's answer");
  return path;
}

std::string text_property(sd_bus* bus, const std::string& path, const char* interface,
                          const char* name) {
  BusError error;
  char* raw = nullptr;
  const int status = ::sd_bus_get_property_string(bus, kService, path.c_str(), interface, name,
                                                  &error.value, &raw);
  if (status < 0) fail(std::string("systemd does not tell ") + name, status, &error);
  const std::unique_ptr<char, decltype(&std::free)> owner(raw, &std::free);
  return raw;
}

Message property(sd_bus* bus, const std::string& path, const char* name, const char* type) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int status = ::sd_bus_get_property(bus, kService, path.c_str(), kServiceInterface, name,
                                           &error.value, &raw, type);
  if (status < 0) fail(std::string("systemd does not tell ") + name, status, &error);
  return Message(raw);
}

std::vector<std::string> read_strings(sd_bus_message* message) {
  std::vector<std::string> strings;
  check(::sd_bus_message_enter_container(message, 'a', "s"), "cannot read systemd's answer");
  const char* text = nullptr;
  int status = 0;
  while ((status = ::sd_bus_message_read(message, "s", &text)) > 0) strings.emplace_back(text);
  check(status, "cannot read systemd's answer");
  check(::sd_bus_message_exit_container(message), "cannot read systemd's answer");
  return strings;
}

std::vector<std::string> exec_start(sd_bus* bus, const std::string& path) {
  const Message message = property(bus, path, "ExecStart", "a(sasbttttuii)");
  std::vector<std::string> arguments;
  check(::sd_bus_message_enter_container(message.get(), 'a', "(sasbttttuii)"), "ExecStart");
  const int entered = ::sd_bus_message_enter_container(message.get(), 'r', "sasbttttuii");
  check(entered, "ExecStart");
  if (entered == 0) return arguments;  // a unit without a command
  const char* program = nullptr;
  check(::sd_bus_message_read(message.get(), "s", &program), "ExecStart");
  arguments = read_strings(message.get());
  if (!arguments.empty()) arguments.erase(arguments.begin());
  return arguments;
}

std::vector<std::string> environment_files(sd_bus* bus, const std::string& path) {
  const Message message = property(bus, path, "EnvironmentFiles", "a(sb)");
  std::vector<std::string> files;
  check(::sd_bus_message_enter_container(message.get(), 'a', "(sb)"), "EnvironmentFiles");
  const char* file = nullptr;
  int optional = 0;
  int status = 0;
  while ((status = ::sd_bus_message_read(message.get(), "(sb)", &file, &optional)) > 0) {
    files.emplace_back(file);
  }
  check(status, "EnvironmentFiles");
  return files;
}

struct Job {
  std::string path;    // empty until systemd has named it
  std::string result;  // empty until it is done
};

extern "C" int on_job_removed(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  auto* job = static_cast<Job*>(data);
  std::uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (::sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0) return 0;
  if (job->path == path) job->result = result;
  return 0;
}

std::string start_restart(sd_bus* bus) {
  BusError error;
  sd_bus_message* answer = nullptr;
  const int status = ::sd_bus_call_method(bus, kService, kManagerPath, kManager, "RestartUnit",
                                          &error.value, &answer, "ss", kUnit, "replace");
  const Message owner(answer);
  if (status < 0) fail("systemd does not restart docker.service", status, &error);
  const char* path = nullptr;
  check(::sd_bus_message_read(answer, "o", &path), "cannot read systemd's answer");
  return path;
}

void wait_for(sd_bus* bus, const Job& job, std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  while (job.result.empty()) {
    const int status = ::sd_bus_process(bus, nullptr);
    check(status, "the connection to systemd broke while docker.service restarted");
    if (status > 0) continue;
    const auto left = std::chrono::ceil<std::chrono::microseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      throw base::Error(base::ErrorKind::kFailure,
                        "docker.service has not restarted within " +
                            std::to_string(patience.count()) +
                            " s; see `systemctl status docker.service`",
                        ETIMEDOUT);
    }
    check(::sd_bus_wait(bus, static_cast<std::uint64_t>(left.count())), "cannot wait for systemd");
  }
}

}  // namespace

std::optional<UnitCommand> docker_unit(const SystemdAddress& address) {
  const Bus bus = connect(address);
  const std::string path = unit_path(bus.get());
  if (text_property(bus.get(), path, kUnitInterface, "LoadState") != "loaded") return std::nullopt;
  const Message environment = property(bus.get(), path, "Environment", "as");
  return UnitCommand{exec_start(bus.get(), path), read_strings(environment.get()),
                     environment_files(bus.get(), path)};
}

void restart_docker_unit(std::chrono::seconds patience, const SystemdAddress& address) {
  const Bus bus = connect(address);
  const std::string path = unit_path(bus.get());
  const std::string load = text_property(bus.get(), path, kUnitInterface, "LoadState");
  if (load != "loaded") {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "systemd cannot restart docker.service: the unit is " + load +
                          "; restart dockerd the way it was started");
  }
  Job job;
  sd_bus_slot* raw = nullptr;
  check(::sd_bus_match_signal(bus.get(), &raw, kService, kManagerPath, kManager, "JobRemoved",
                              on_job_removed, &job),
        "cannot listen to systemd");
  const Slot slot(raw);
  BusError error;
  // Without a subscriber systemd sends no signals over the bus; on its own socket it always does.
  const int status = ::sd_bus_call_method(bus.get(), kService, kManagerPath, kManager, "Subscribe",
                                          &error.value, nullptr, nullptr);
  if (status < 0) fail("systemd does not tell when a job is done", status, &error);
  job.path = start_restart(bus.get());
  wait_for(bus.get(), job, patience);
  if (job.result == "done") return;
  const std::string cause = text_property(bus.get(), path, kServiceInterface, "Result");
  std::string remedy = "; see `journalctl -u docker.service`";
  if (cause == "start-limit-hit") {
    remedy =
        ": it was started too often in a short time; find out why with `journalctl -u "
        "docker.service`, then run `systemctl reset-failed docker.service`";
  }
  throw base::Error(base::ErrorKind::kFailure, "docker.service did not restart (job " + job.result +
                                                   ", result " + cause + ")" + remedy);
}

}  // namespace overland::docker
