#include "reconcile/saved_state.h"

#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace overland::reconcile {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;
constexpr std::size_t kLimit = 1U << 20U;  // a few keys and sysctls: 1 MiB is far beyond

Json optional_json(const std::optional<std::string>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json replaced_json(const std::map<std::string, Replaced>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    object[name] = {{"before", optional_json(value.before)}, {"set", optional_json(value.set)}};
  }
  return object;
}

std::optional<std::string> optional_text(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<std::string>();
}

std::map<std::string, Replaced> replaced_from(const Json& object) {
  std::map<std::string, Replaced> values;
  for (const auto& [name, value] : object.items()) {
    values[name] = {optional_text(value.at("before")), optional_text(value.at("set"))};
  }
  return values;
}

std::string to_text(const SavedState& state) {
  const Json document = {
      {"version", kVersion},
      {"hosts", state.hosts},
      {"sysctls", replaced_json(state.sysctls)},
      {"daemon_keys", replaced_json(state.daemon_keys)},
      {"daemon_json", optional_json(state.daemon_json)},
      {"unread_by", state.unread_by},
  };
  return document.dump(2) + "\n";
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw base::Error(base::ErrorKind::kInvalid,
                    file.string() + " " + why +
                        "; it is only a memory for purge: correct it, or remove it and lose that");
}

void require_trusted(const std::filesystem::path& file) {
  struct stat status = {};
  if (::lstat(file.c_str(), &status) != 0) base::throw_errno("cannot stat " + file.string(), errno);
  if (S_ISLNK(status.st_mode)) refuse(file, "is a symbolic link");
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse(file, "can be written by others than root");
  }
}

void put_back(const std::map<std::string, Replaced>& replaced, const model::DockerSettings& now,
              model::DaemonKeys& keys) {
  for (const auto& [name, value] : replaced) {
    const auto found = now.keys.find(name);
    if (found != now.keys.end() && found->second == value.set) keys[name] = value.before;
  }
}

}  // namespace

SavedState load_saved(const std::filesystem::path& file) {
  const auto text = base::read_file(file, kLimit);
  if (!text) return {};
  require_trusted(file);
  SavedState state;
  try {
    const Json document = Json::parse(*text);
    if (document.at("version").get<int>() != kVersion) refuse(file, "has an unknown version");
    state.hosts = document.at("hosts").get<std::size_t>();
    state.sysctls = replaced_from(document.at("sysctls"));
    state.daemon_keys = replaced_from(document.at("daemon_keys"));
    state.daemon_json = optional_text(document.at("daemon_json"));
    state.unread_by = document.at("unread_by").get<std::string>();
  } catch (const Json::exception& error) {
    refuse(file, std::string("is damaged (") + error.what() + ")");
  }
  return state;
}

void store_saved(const std::filesystem::path& file, const SavedState& state) {
  const std::string text = to_text(state);
  if (base::read_file(file, kLimit) == text) return;
  base::replace_file(file, text, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
}

SavedState remember(SavedState saved, const std::vector<plan::Step>& steps,
                    const model::HostFacts& facts) {
  const auto keep_first = [](std::map<std::string, Replaced>& values, const std::string& name,
                             const std::optional<std::string>& before,
                             const std::optional<std::string>& set) {
    const auto [entry, fresh] = values.try_emplace(name, Replaced{before, set});
    // Somebody else's change since is what stood before ours now.
    if (!fresh && entry->second.set != before) entry->second.before = before;
    entry->second.set = set;
  };
  for (const auto& step : steps) {
    if (const auto* sysctl = std::get_if<plan::SysctlStep>(&step)) {
      const auto before = sysctl->from ? std::optional(sysctl->from->value) : std::nullopt;
      keep_first(saved.sysctls, sysctl->to->key, before, sysctl->to->value);
    }
    if (const auto* docker = std::get_if<plan::DockerStep>(&step)) {
      bool reread = false;
      for (const auto& [name, value] : docker->to->keys) {
        const auto found = docker->from->keys.find(name);
        const auto before = found == docker->from->keys.end() ? std::nullopt : found->second;
        if (before == value) continue;
        keep_first(saved.daemon_keys, name, before, value);
        reread = reread || name != "bip";  // whether bip was read shows on the bridge itself
      }
      if (reread) saved.unread_by = facts.docker.instance;
    }
  }
  return saved;
}

model::HostState without_us(const SavedState& saved, const model::HostState& actual) {
  model::HostState state;
  for (const auto& [key, value] : saved.sysctls) {
    for (const auto& now : actual.sysctls) {
      if (now.key == key && now.value == value.set && value.before) {
        state.sysctls.push_back({key, *value.before});
      }
    }
  }
  if (actual.docker) {
    model::DockerSettings settings;
    put_back(saved.daemon_keys, *actual.docker, settings.keys);
    state.docker = std::move(settings);
  }
  return state;
}

}  // namespace overland::reconcile
