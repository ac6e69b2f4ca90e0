#include "docker/daemon_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/unique_fd.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProcLimit = std::size_t{1}
                                   << 20U;  // far above ARG_MAX's share for arguments

/// Empty where the process is gone by now.
std::string read_proc(const fs::path& path) {
  try {
    return base::read_file(path, kProcLimit).value_or("");
  } catch (const base::Error& error) {
    if (error.errno_value() == ESRCH) return {};  // opened, then gone before the read
    throw;
  }
}

fs::path read_link(const fs::path& path) {
  std::error_code error;
  return fs::read_symlink(path, error);
}

std::optional<pid_t> parse_pid(const std::string& text) {
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return std::nullopt;
  const std::string_view rest(parsed.ptr, text.data() + text.size());
  if (rest.find_first_not_of(" \n") != std::string_view::npos) return std::nullopt;
  return pid;
}

std::vector<std::string> arguments_of(const fs::path& process) {
  std::vector<std::string> arguments;
  std::istringstream words(read_proc(process / "cmdline"));
  for (std::string word; std::getline(words, word, '\0');) arguments.push_back(word);
  if (!arguments.empty()) arguments.erase(arguments.begin());
  return arguments;
}

/// Field 22 of proc(5) `stat`, in clock ticks since boot. The name in field 2 may hold anything.
std::string start_time(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) fields >> field;
  return fields ? field : std::string();
}

/// Asked of every process there is: three system calls and no more.
bool is_dockerd(const fs::path& process) {
  const base::UniqueFd comm(::open((process / "comm").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 16> name;  // TASK_COMM_LEN of linux/sched.h
  const ssize_t size = comm.valid() ? ::read(comm.get(), name.data(), name.size()) : 0;
  return size > 0 && std::string_view(name.data(), static_cast<std::size_t>(size)) == "dockerd\n";
}

std::optional<DaemonProcess> examine(pid_t pid, const fs::path& proc) {
  const fs::path process = proc / std::to_string(pid);
  if (!is_dockerd(process)) return std::nullopt;
  const std::string started = start_time(read_proc(process / "stat"));
  if (started.empty()) return std::nullopt;
  DaemonProcess daemon;
  daemon.pid = pid;
  // Process ids and ticks start over with each boot; its id tells them apart.
  const std::string boot = read_proc(proc / "sys/kernel/random/boot_id").substr(0, 8);
  daemon.instance = std::to_string(pid) + ":" + started + (boot.empty() ? "" : ":" + boot);
  daemon.arguments = arguments_of(process);
  daemon.folder = read_link(process / "cwd");
  const fs::path program = read_link(process / "exe");
  if (!program.string().ends_with(" (deleted)")) daemon.program = program;
  return daemon;
}

bool shares_namespaces(const fs::path& process, const fs::path& self) {
  return std::ranges::all_of(std::initializer_list<const char*>{"ns/pid", "ns/net"},
                             [&](const char* name) {
                               const fs::path own = read_link(self / name);
                               return !own.empty() && own == read_link(process / name);
                             });
}

}  // namespace

std::optional<DaemonProcess> find_daemon(const fs::path& pidfile, const fs::path& proc) {
  if (const auto pid = parse_pid(read_proc(pidfile))) {
    if (auto daemon = examine(*pid, proc)) return daemon;
  }
  std::error_code error;
  for (fs::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = parse_pid(entry->path().filename().string());
    if (!pid || !is_dockerd(entry->path())) continue;
    if (!shares_namespaces(entry->path(), proc / "self")) continue;
    if (auto daemon = examine(*pid, proc)) return daemon;
  }
  return std::nullopt;
}

}  // namespace overland::docker
