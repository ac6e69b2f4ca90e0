#include "docker/systemd_unit.h"

#include <cerrno>
#include <cstdint>
#include <exception>

#include "base/error.h"
#include "docker/systemd_bus.h"

namespace overland::docker {
namespace {

// org.freedesktop.systemd1(5)
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnitInterface = "org.freedesktop.systemd1.Unit";
constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";
constexpr const char* kUnit = "docker.service";

struct SlotRelease {
  void operator()(sd_bus_slot* slot) const { ::sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotRelease>;

std::string path_in(const Message& answer) {
  const char* path = nullptr;
  const int status = ::sd_bus_message_read(answer.get(), "o", &path);
  check(status == 0 ? -EBADMSG : status, "cannot read systemd's answer");
  return path;
}

/// The object path of docker.service; systemd answers for units it has no file of, too.
std::string unit_path(SystemdBus& bus) {
  return path_in(bus.ask_manager("LoadUnit", kUnit, "systemd does not tell about docker.service"));
}

/// Sets program and arguments; leaves them empty for a unit without a command.
void read_exec_start(SystemdBus& bus, const std::string& path, UnitCommand& unit) {
  const Message message = bus.property(path, kServiceInterface, "ExecStart", "a(sasbttttuii)");
  check(::sd_bus_message_enter_container(message.get(), 'a', "(sasbttttuii)"), "ExecStart");
  const int entered = ::sd_bus_message_enter_container(message.get(), 'r', "sasbttttuii");
  check(entered, "ExecStart");
  if (entered == 0) return;
  const char* program = nullptr;
  const int status = ::sd_bus_message_read(message.get(), "s", &program);
  check(status == 0 ? -EBADMSG : status, "ExecStart");
  unit.program = program;
  unit.arguments = read_strings(message.get());
  if (!unit.arguments.empty()) unit.arguments.erase(unit.arguments.begin());
}

std::vector<std::string> environment_files(SystemdBus& bus, const std::string& path) {
  const Message message = bus.property(path, kServiceInterface, "EnvironmentFiles", "a(sb)");
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

/// The path of the job.
std::string start_restart(SystemdBus& bus) {
  BusError error;
  sd_bus_message* answer = nullptr;
  const int status =
      ::sd_bus_call_method(bus.get(), kService, kManagerPath, kManager, "RestartUnit", &error.value,
                           &answer, "ss", kUnit, "replace");
  const Message owner(answer);
  if (status < 0) fail("systemd does not restart docker.service", status, &error);
  return path_in(owner);
}

struct Job {
  std::string path;          // empty until systemd has named it
  std::string result;        // empty until it is done
  std::exception_ptr fault;  // what must not pass through sd-bus
};

extern "C" int on_job_removed(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  auto* job = static_cast<Job*>(data);
  std::uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (::sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) <= 0) return 0;
  try {
    if (job->path == path) job->result = result;
  } catch (...) {
    job->fault = std::current_exception();
  }
  return 0;
}

void wait_for(SystemdBus& bus, const Job& job, std::chrono::seconds patience) {
  try {
    while (job.result.empty() && !job.fault) {
      bus.process("the connection to systemd broke while docker.service restarted");
    }
  } catch (const base::Error& error) {
    if (error.errno_value() != ETIMEDOUT) throw;
    throw base::Error(base::ErrorKind::kFailure,
                      "docker.service has not restarted within " +
                          std::to_string(patience.count()) +
                          " s; see `systemctl status docker.service`",
                      ETIMEDOUT);
  }
  if (job.fault) std::rethrow_exception(job.fault);
}

}  // namespace

std::optional<UnitCommand> docker_unit(std::chrono::milliseconds patience,
                                       const SystemdAddress& address) {
  const base::Deadline deadline(patience);
  SystemdBus bus(address.bus, deadline);
  const std::string path = unit_path(bus);
  const std::string load = bus.text_property(path, kUnitInterface, "LoadState");
  if (load == "not-found" || load == "masked") return std::nullopt;
  if (load != "loaded") {
    throw base::Error(base::ErrorKind::kFailure, "the unit docker.service is " + load);
  }
  UnitCommand unit;
  read_exec_start(bus, path, unit);
  unit.environment = read_strings(bus.property(path, kServiceInterface, "Environment", "as").get());
  unit.environment_files = environment_files(bus, path);
  return unit;
}

void restart_docker_unit(std::chrono::seconds patience, const SystemdAddress& address) {
  const base::Deadline deadline(patience);
  SystemdBus bus(address.bus, deadline);
  const std::string path = unit_path(bus);
  const std::string load = bus.text_property(path, kUnitInterface, "LoadState");
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
  // Without a subscriber systemd sends no signals over the bus; on its own socket it always does.
  bus.ask_manager("Subscribe", nullptr, "systemd does not tell when a job is done");
  job.path = start_restart(bus);
  wait_for(bus, job, patience);
  if (job.result == "done") return;
  const std::string cause = bus.text_property(path, kServiceInterface, "Result");
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
