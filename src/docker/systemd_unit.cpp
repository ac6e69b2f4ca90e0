#include "docker/systemd_unit.h"

#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "base/systemd_bus.h"

namespace overland::docker {
namespace {

using base::BusMessage;
using base::SystemdBus;

constexpr const char* kUnit = "docker.service";
/// The snap's, which has no docker.service; its command is snapd's, and what that runs reads a
/// daemon.json of its own.
constexpr const char* kSnapUnit = "snap.docker.dockerd.service";
constexpr const char* kSnapConfig = "--config-file=/var/snap/docker/current/config/daemon.json";

/// Sets program and arguments; leaves them empty for a unit without a command.
void read_exec_start(SystemdBus& bus, const std::string& path, UnitCommand& unit) {
  BusMessage message = bus.property(path, base::kServiceInterface, "ExecStart", "a(sasbttttuii)");
  message.enter('a', "(sasbttttuii)");
  if (!message.enter('r', "sasbttttuii")) return;
  unit.program = message.text("s");
  unit.arguments = message.strings();
  if (!unit.arguments.empty()) unit.arguments.erase(unit.arguments.begin());
}

std::vector<std::string> environment_files(SystemdBus& bus, const std::string& path) {
  BusMessage message = bus.property(path, base::kServiceInterface, "EnvironmentFiles", "a(sb)");
  std::vector<std::string> files;
  message.enter('a', "(sb)");
  const char* file = nullptr;
  int optional = 0;
  while (message.read("(sb)", &file, &optional)) files.emplace_back(file);
  return files;
}

std::string text_property(SystemdBus& bus, const std::string& path, const char* interface,
                          const char* name) {
  return bus.property(path, interface, name, "s").text("s");
}

struct Unit {
  const char* name = kUnit;
  std::string path;  // of its object; systemd answers for units it has no file of, too
  std::string load;  // LoadState
};

/// The snap's where there is no other.
Unit find_unit(SystemdBus& bus) {
  Unit unit;
  for (const char* name : {kSnapUnit, kUnit}) {
    Unit found = {
        name,
        bus.call("systemd does not tell about docker.service", "LoadUnit", "s", name).text("o"),
        ""};
    found.load = text_property(bus, found.path, base::kUnitInterface, "LoadState");
    if (name == kUnit && found.load == "not-found" && unit.load == "loaded") return unit;
    unit = std::move(found);
  }
  return unit;
}

/// Until a signal has set `result`.
void wait_for(SystemdBus& bus, const std::string& result, std::chrono::seconds patience) {
  try {
    while (result.empty()) {
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
}

}  // namespace

std::optional<UnitCommand> docker_unit(std::chrono::milliseconds patience,
                                       const SystemdAddress& address) {
  const base::Deadline deadline(patience);
  SystemdBus bus(address.bus, deadline);
  const auto [name, path, load] = find_unit(bus);
  if (load == "not-found" || load == "masked") return std::nullopt;
  if (load != "loaded") {
    throw base::Error(base::ErrorKind::kFailure, "the unit docker.service is " + load);
  }
  UnitCommand unit;
  read_exec_start(bus, path, unit);
  if (name == kSnapUnit) unit.arguments = {kSnapConfig};
  unit.environment = bus.property(path, base::kServiceInterface, "Environment", "as").strings();
  unit.environment_files = environment_files(bus, path);
  std::uint32_t pid = 0;
  bus.property(path, base::kServiceInterface, "MainPID", "u").read("u", &pid);
  unit.running = pid != 0;
  if (!unit.running) {
    unit.on_demand =
        !bus.property(path, base::kUnitInterface, "TriggeredBy", "as").strings().empty();
  }
  return unit;
}

void restart_docker_unit(std::chrono::seconds patience, const SystemdAddress& address) {
  const base::Deadline deadline(patience);
  SystemdBus bus(address.bus, deadline);
  const auto [name, path, load] = find_unit(bus);
  if (load != "loaded") {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "systemd cannot restart docker.service: the unit is " + load +
                          "; restart dockerd the way it was started");
  }
  std::string job;  // no other's end is waited for; empty until systemd has named it
  std::string result;
  bus.listen("JobRemoved", [&](BusMessage& signal) {
    std::uint32_t id = 0;
    const char* ended = nullptr;
    const char* unit = nullptr;
    const char* how = nullptr;
    if (signal.read("uoss", &id, &ended, &unit, &how) && job == ended) result = how;
  });
  job = bus.call("systemd does not restart docker.service", "RestartUnit", "ss", name, "replace")
            .text("o");
  wait_for(bus, result, patience);
  if (result == "done") return;
  const std::string cause = text_property(bus, path, base::kServiceInterface, "Result");
  const std::string unit = name;
  std::string remedy = "; see `journalctl -u " + unit + "`";
  if (cause == "start-limit-hit") {
    remedy = ": it was started too often in a short time; find out why with `journalctl -u " +
             unit + "`, then run `systemctl reset-failed " + unit + "`";
  }
  throw base::Error(base::ErrorKind::kFailure,
                    unit + " did not restart (job " + result + ", result " + cause + ")" + remedy);
}

}  // namespace overland::docker
