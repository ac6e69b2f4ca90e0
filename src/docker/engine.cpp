#include "docker/engine.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/file.h"
#include "base/process.h"
#include "docker/api.h"
#include "docker/api_facts.h"
#include "docker/daemon_json.h"
#include "docker/json_text.h"
#include "docker/program.h"
#include "docker/systemd_unit.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::size_t kFileLimit = std::size_t{1} << 20U;  // real ones are below a few KiB

std::string version_of(const Startup& startup) {
  return startup.program.empty() ? std::string() : program_version(startup.program);
}

/// The wanted keys that flags give already, with their values. Throws where a flag rules one out.
model::DaemonKeys given_by_flags(const model::DaemonKeys& wanted, const std::string& text,
                                 const Startup& startup) {
  model::DaemonKeys given;
  const std::string file = startup.daemon_json;
  for (const Flag& flag : startup.flags) {
    const auto refuse = [&](const std::string& key, const std::string& why) {
      throw base::Error(ErrorKind::kInvalid, "\"" + key + "\" cannot be set in " + file + ": " +
                                                 flag.text() + " stands on " + flag.where + ", " +
                                                 why + "; take that flag out");
    };
    const std::string key = flag.name == "bridge" && !flag.value.empty() ? "bip" : flag.name;
    const auto found = wanted.find(key);
    if (found == wanted.end() || !found->second) continue;
    if (key != flag.name) refuse(key, "and dockerd does not start with a bridge and a bip");
    if (value_of(text, key, file)) {
      refuse(key, "and dockerd does not start with a flag and a key for the same");
    }
    if (!same_value(flag.json(), *found->second)) {
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

void validate(const Startup& startup, const std::string& before, const std::string& after) {
  const std::string file = startup.daemon_json;
  const std::string fault = validation_fault(startup.program, after, file);
  if (fault.empty()) return;
  const std::string old_fault = validation_fault(startup.program, before, file);
  if (!old_fault.empty()) {
    throw base::Error(ErrorKind::kInvalid, "dockerd refuses " + file +
                                               " as it is, before any change of ours: " +
                                               old_fault + "; nothing was written");
  }
  throw base::Error(ErrorKind::kInvalid, "dockerd would refuse " + file + " with our keys in it: " +
                                             fault + "; nothing was written");
}

/// What daemon.json tells while the API cannot be asked.
void read_file_facts(const std::string& text, const std::string& file, model::DockerFacts& facts) {
  facts.live_restore = value_of(text, "live-restore", file) == "true";
  if (const auto pools = value_of(text, "default-address-pools", file)) {
    auto configured = parse_address_pools(*pools);
    if (!configured.empty()) facts.address_pools = std::move(configured);
  }
}

}  // namespace

Engine::Engine(Places places, Patience patience)
    : places_(std::move(places)), patience_(patience) {}

model::DockerFacts Engine::facts() {
  const Startup startup = look_up_startup(places_);
  model::DockerFacts facts;
  facts.installed = startup.process || !startup.program.empty();
  if (!facts.installed) return facts;
  for (const Flag& flag : startup.flags) facts.flags.push_back(flag.text() + " on " + flag.where);
  std::ranges::sort(facts.flags);
  if (startup.process) {
    facts.instance = startup.process->instance;
    const auto info = api_get(places_.socket, "/info", patience_.answer);
    const auto networks =
        info ? api_get(places_.socket, "/networks", patience_.answer) : std::nullopt;
    if (networks) {
      facts.running = true;
      read_info(*info, facts);
      facts.networks = parse_networks(*networks);
      return facts;
    }
  }
  facts.version = version_of(startup);
  facts.address_pools = builtin_address_pools();
  try {
    read_file_facts(load(startup).value_or(""), startup.daemon_json, facts);
  } catch (const base::Error& error) {
    // A faulty file is no fact: read() refuses it where it matters, with the same words.
    if (error.kind() != ErrorKind::kInvalid) throw;
  }
  return facts;
}

std::optional<std::string> Engine::load(const Startup& startup) {
  std::optional<std::string> text = base::read_file(startup.daemon_json, kFileLimit);
  if (text && text->starts_with(kByteOrderMark) && !startup.program.empty() &&
      !takes_byte_order_mark(version_of(startup))) {
    throw base::Error(ErrorKind::kInvalid,
                      startup.daemon_json.string() +
                          ":1:1: a byte order mark stands here, which dockerd before 23.0 refuses; "
                          "save the file as UTF-8 without it");
  }
  return text;
}

model::DaemonKeys Engine::read(const model::DaemonKeys& wanted) {
  const Startup startup = look_up_startup(places_);
  const std::string text = load(startup).value_or("");
  model::DaemonKeys values = read_keys(text, wanted, startup.daemon_json);
  refuse_rivals(text, wanted, startup.daemon_json);
  for (const auto& [key, value] : given_by_flags(wanted, text, startup)) values[key] = value;
  return values;
}

void Engine::apply(const plan::DockerStep& step) {
  if (!step.to) throw base::Error(ErrorKind::kFailure, "a step for daemon.json says no target");
  const Startup startup = look_up_startup(places_);
  const std::string file = startup.daemon_json;
  const std::string before = load(startup).value_or("");
  model::DaemonKeys keys = step.to->keys;
  refuse_rivals(before, keys, file);
  for (const auto& [key, value] : given_by_flags(keys, before, startup)) keys.erase(key);
  const std::string after = edit_keys(before, keys, file);
  if (after == before) return;
  refuse_other_subnet(before, keys, file);
  const std::string version = version_of(startup);
  refuse_unknown_keys(keys, version, file);
  if (can_validate(version)) validate(startup, before, after);
  const auto mode = base::file_mode(startup.daemon_json);
  base::replace_file(startup.daemon_json, after, mode.value_or(base::FileMode{}));
}

std::optional<std::string> Engine::file() {
  return base::read_file(look_up_startup(places_).daemon_json, kFileLimit);
}

void Engine::restore_file(const std::optional<std::string>& original) {
  const fs::path path = look_up_startup(places_).daemon_json;
  const std::optional<std::string> now = base::read_file(path, kFileLimit);
  if (!now || now == original) return;
  if (!same_meaning(*now, original.value_or(""), path)) return;
  if (original) {
    base::replace_file(path, *original, base::file_mode(path).value_or(base::FileMode{}));
    return;
  }
  std::error_code error;
  const fs::path target = fs::canonical(path, error);  // through links, as it was written
  if (error) base::throw_errno("cannot follow " + path.string(), error.value());
  if (::unlink(target.c_str()) != 0) base::throw_errno("cannot remove " + target.string(), errno);
}

void Engine::restart() {
  const Startup startup = look_up_startup(places_);
  const std::string instance = startup.process ? startup.process->instance : "";
  if (startup.program.empty() && !startup.process) {
    throw base::Error(ErrorKind::kUnsupported, "no dockerd is installed: nothing to restart");
  }
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
  await_answer(instance);
}

void Engine::await_answer(const std::string& previous_instance) {
  const auto deadline = std::chrono::steady_clock::now() + patience_.ready;
  do {
    const auto process = find_daemon(places_.pidfile, places_.proc);
    if (process && process->instance != previous_instance &&
        api_get(places_.socket, "/info", patience_.answer)) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } while (std::chrono::steady_clock::now() < deadline);
  const bool systemd = systemd_runs(places_);
  throw base::Error(ErrorKind::kFailure,
                    "dockerd was restarted but does not answer on " + places_.socket.string() +
                        " after " + std::to_string(patience_.ready.count()) + " s; see " +
                        (systemd ? "`journalctl -u docker.service`" : "/var/log/docker.log"),
                    ETIMEDOUT);
}

}  // namespace overland::docker
