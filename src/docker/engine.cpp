#include "docker/engine.h"

#include <cerrno>
#include <thread>

#include "base/process.h"
#include "docker/api.h"
#include "docker/daemon_json.h"
#include "docker/json_text.h"
#include "docker/program.h"
#include "docker/systemd_unit.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::size_t kFileLimit = std::size_t{1} << 20U;  // real ones are below a few KiB

/// The key of daemon.json that `flag` rules out.
std::string key_of(const Flag& flag) {
  if (flag.name == "bridge" && !flag.value.empty()) return "bip";
  return flag.name == "default-address-pool" ? "default-address-pools" : flag.name;
}

/// The wanted keys that flags give already, with their values. Throws where a flag rules one out;
/// address pools of flags' are told when `looking`, as those in daemon.json are: they may stay.
model::DaemonKeys given_by_flags(const model::DaemonKeys& wanted, const std::string& text,
                                 const Startup& startup, bool looking) {
  model::DaemonKeys given;
  const auto pools = address_pools_of(startup.flags);
  const std::string file = startup.daemon_json;
  for (const Flag& flag : startup.flags) {
    const auto refuse = [&](const std::string& key, const std::string& why,
                            const std::string& else_to_do = {}) {
      throw base::Error(ErrorKind::kInvalid, "\"" + key + "\" cannot be set in " + file + ": " +
                                                 flag.text() + " stands on " + flag.where + ", " +
                                                 why + "; take that flag out" + else_to_do);
    };
    const std::string key = key_of(flag);
    const bool of_pools = key == "default-address-pools";
    const auto found = wanted.find(key);
    if (found == wanted.end() || !found->second) continue;
    if (key != flag.name && !of_pools) {
      refuse(key, "and dockerd does not start with a bridge and a bip",
             ", or " + use_bridge(flag.json(), *found->second));
    }
    if (value_of(text, key, file)) {
      refuse(key, "and dockerd does not start with a flag and a key for the same");
    }
    const std::string said = of_pools ? *pools : flag.json();
    if (of_pools && looking) {
      given[key] = said;
      continue;
    }
    if (!same_value(said, *found->second)) {
      refuse(key, "which is not the " + *found->second +
                      " wanted, and dockerd does not start with a flag and a key for the same");
    }
    given[key] = found->second;
  }
  return given;
}

void refuse_unknown_keys(const model::DaemonKeys& keys, const std::string& version,
                         const std::string& file) {
  for (const auto& [key, value] : keys) {
    if (!value || version.empty() || model::docker_accepts_key(version, key)) continue;
    throw base::Error(ErrorKind::kUnsupported, "dockerd " + version + " does not know \"" + key +
                                                   "\" and would not start with it in " + file);
  }
}

void validate(const Startup& startup, const std::string& before, const std::string& after,
              std::chrono::milliseconds patience) {
  const std::string file = startup.daemon_json;
  const std::string fault = validation_fault(startup.program, after, file, patience);
  if (fault.empty()) return;
  const std::string old_fault = validation_fault(startup.program, before, file, patience);
  if (!old_fault.empty()) {
    throw base::Error(ErrorKind::kInvalid, "dockerd refuses " + file +
                                               " as it is, before any change of ours: " +
                                               old_fault + "; nothing was written");
  }
  throw base::Error(ErrorKind::kInvalid, "dockerd would refuse " + file + " with our keys in it: " +
                                             fault + "; nothing was written");
}

}  // namespace

Startup Engine::look_up_surely() {
  Startup startup = look_up();
  if (startup.unknown.empty()) return startup;
  const model::Finding& first = startup.unknown.front();
  throw base::Error(ErrorKind::kFailure, "which file dockerd reads is not known: " + first.message +
                                             (first.remedy.empty() ? "" : "; " + first.remedy));
}

Engine::File Engine::load(const Startup& startup) {
  File file{base::find_trusted_place(startup.daemon_json), {}};
  std::error_code unknown;
  if (!file.place.folder.valid() && fs::is_symlink(startup.daemon_json, unknown)) {
    throw base::Error(ErrorKind::kInvalid,
                      startup.daemon_json.string() +
                          " is a link into a folder that is not there; make that folder, or remove "
                          "the link");
  }
  file.now = base::read_place(file.place, kFileLimit);
  const auto& text = file.now.bytes;
  if (text && text->starts_with(kByteOrderMark) && !startup.program.empty() &&
      !takes_byte_order_mark(version_of(startup))) {
    throw base::Error(ErrorKind::kInvalid,
                      startup.daemon_json.string() +
                          ":1:1: a byte order mark stands here, which dockerd before 23.0 refuses; "
                          "save the file as UTF-8 without it");
  }
  return file;
}

void Engine::write(File& file, const Startup& startup, const std::optional<std::string>& after) {
  if (!file.place.folder.valid()) {
    std::error_code error;
    fs::create_directories(startup.daemon_json.parent_path(), error);
    if (error)
      base::throw_errno("cannot make the folder of " + startup.daemon_json.string(), error.value());
    file.place = base::find_trusted_place(startup.daemon_json);
  }
  if (base::exchange_file(file.place, file.now.bytes, after, file.now.mode)) return;
  throw base::Error(ErrorKind::kFailure,
                    startup.daemon_json.string() +
                        " was changed by somebody else while overland was at work; that edit "
                        "stays, and the next run looks again");
}

model::DaemonKeys Engine::read(const model::DaemonKeys& wanted) {
  const Startup startup = look_up();
  const std::string text = load(startup).now.bytes.value_or("");
  model::DaemonKeys values = read_keys(text, wanted, startup.daemon_json);
  refuse_rivals(text, wanted, startup.daemon_json);
  for (const auto& [key, value] : given_by_flags(wanted, text, startup, true)) {
    values[key] = value;
  }
  return values;
}

void Engine::apply(const plan::DockerStep& step) {
  if (!step.to) throw base::Error(ErrorKind::kFailure, "a step for daemon.json says no target");
  const Startup startup = look_up_surely();
  const std::string name = startup.daemon_json;
  File file = load(startup);
  const std::string before = file.now.bytes.value_or("");
  model::DaemonKeys keys = step.to->keys;
  refuse_rivals(before, keys, name);
  for (const auto& [key, value] : given_by_flags(keys, before, startup, false)) keys.erase(key);
  const std::string after = edit_keys(before, keys, name);
  if (after == before) return;
  refuse_other_subnet(before, keys, name);
  const std::string version = version_of(startup);
  refuse_unknown_keys(keys, version, name);
  if (can_validate(version)) validate(startup, before, after, deadline_.at_most(patience_.program));
  write(file, startup, after);
}

std::optional<std::string> Engine::file() {
  return base::read_place(base::find_trusted_place(look_up_surely().daemon_json), kFileLimit).bytes;
}

void Engine::restore_file(const std::optional<std::string>& original) {
  const Startup startup = look_up_surely();
  File file{base::find_trusted_place(startup.daemon_json), {}};
  file.now = base::read_place(file.place, kFileLimit);
  const std::optional<std::string>& now = file.now.bytes;
  if (!now || now == original) return;
  if (!same_meaning(*now, original.value_or(""), startup.daemon_json)) return;
  write(file, startup, original);
}

void Engine::restart() {
  const auto begin = std::chrono::steady_clock::now();
  const auto gain = [&] {
    deadline_.extend(
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin));
  };
  systemd_fault_.reset();
  api_fault_.reset();
  network_fault_.reset();
  program_fault_.reset();
  const Startup startup = look_up();
  try {
    carry_out_restart(startup);
  } catch (const base::Error&) {
    gain();
    throw;
  }
  gain();
}

void Engine::carry_out_restart(const Startup& startup) {
  if (startup.program.empty() && !startup.process) {
    throw base::Error(ErrorKind::kUnsupported, "no dockerd is installed: nothing to restart");
  }
  const std::string instance = startup.process ? startup.process->instance : "";
  if (systemd_runs(places_)) {
    restart_docker_unit(patience_.stop_and_start, {places_.systemd_bus});
  } else {
    const base::ProcessResult result =
        base::run(places_.service, {"docker", "restart"}, patience_.stop_and_start);
    if (result.status != 0) {
      throw base::Error(ErrorKind::kFailure, "`" + places_.service.string() +
                                                 " docker restart` failed with status " +
                                                 std::to_string(result.status) + ": " +
                                                 (result.err.empty() ? result.out : result.err) +
                                                 "; see /var/log/docker.log");
    }
  }
  await_answer(instance, startup.programs.named);
}

void Engine::await_answer(const std::string& previous_instance,
                          const std::vector<fs::path>& programs) {
  base::Deadline ready(patience_.ready);
  do {
    const Sighting now =
        find_daemon(places_.pidfile, places_.proc, look_at_programs(programs), true);
    if (now.process && now.process->instance != previous_instance && answers(ready)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } while (ready.left().count() > 0);
  const bool systemd = systemd_runs(places_);
  throw base::Error(ErrorKind::kFailure,
                    "dockerd was restarted but does not answer on " + places_.socket.string() +
                        " after " + std::to_string(patience_.ready.count()) + " s; see " +
                        (systemd ? "`journalctl -u docker.service`" : "/var/log/docker.log"),
                    ETIMEDOUT);
}

bool Engine::answers(const base::Deadline& ready) const {
  try {
    api_call(places_.socket, {"/info"}, ready.at_most(patience_.answer));
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace overland::docker
