#include "docker/daemon_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "base/unique_fd.h"

namespace overland::docker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kProcLimit = std::size_t{1}
                                   << 20U;           // far above ARG_MAX's share for arguments
constexpr std::string_view kDeleted = " (deleted)";  // d_path() of linux/fs/d_path.c

/// A folder of procfs, held open: whatever process its number names later, what is read through it
/// is of the process it was opened for, or nothing.
class Folder {
 public:
  Folder(const fs::path& proc, const std::string& name)
      : fd_(::open((proc / name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  [[nodiscard]] bool valid() const { return fd_.valid(); }
  /// Empty where the process is gone by now.
  [[nodiscard]] std::string text(const char* name) const {
    const base::UniqueFd fd(::openat(fd_.get(), name, O_RDONLY | O_CLOEXEC));
    try {
      return fd.valid() ? base::read_open_file(fd.get(), name, kProcLimit) : "";
    } catch (const base::Error&) {
      return {};
    }
  }
  /// Empty where it is gone, or where `errno` says that we may not look.
  [[nodiscard]] std::string link(const char* name) const {
    std::array<char, PATH_MAX> target = {};
    errno = 0;
    const ssize_t length = ::readlinkat(fd_.get(), name, target.data(), target.size());
    return length < 0 ? "" : std::string(target.data(), static_cast<std::size_t>(length));
  }
  /// What the link leads to, which for `exe` need not have a name any more.
  [[nodiscard]] bool stat(const char* name, struct stat& status) const {
    return ::fstatat(fd_.get(), name, &status, 0) == 0;
  }

 private:
  base::UniqueFd fd_;
};

std::optional<pid_t> parse_pid(const std::string& text) {
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return std::nullopt;
  const std::string_view rest(parsed.ptr, text.data() + text.size());
  if (rest.find_first_not_of(" \n") != std::string_view::npos) return std::nullopt;
  return pid;
}

std::vector<std::string> arguments_of(const Folder& process) {
  std::vector<std::string> arguments;
  std::istringstream words(process.text("cmdline"));
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

/// Of proc(5) `status`: a process, no thread of one, all of whose user ids are 0. The kernel gives
/// them as our user namespace sees them: the root of another one is not 0.
bool runs_as_root(const Folder& process, pid_t pid) {
  const std::string status = "\n" + process.text("status");
  return status.find("\nTgid:\t" + std::to_string(pid) + "\n") != std::string::npos &&
         status.find("\nUid:\t0\t0\t0\t0\n") != std::string::npos;
}

class Search {
 public:
  Search(const fs::path& proc, const Programs& programs)
      : proc_(proc), self_(proc, "self"), programs_(programs) {
    names_.emplace_back("dockerd");
    for (const fs::path& path : programs.named) names_.push_back(path.filename().string());
    for (std::string& name : names_) name.resize(std::min<std::size_t>(name.size(), 15));
  }

  /// Asked of every process there is: three system calls and no more. Spares the other questions,
  /// and proves nothing.
  [[nodiscard]] bool has_name(const std::string& process) const {
    const base::UniqueFd fd(::open((proc_ / process / "comm").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 16> name;  // TASK_COMM_LEN of linux/sched.h
    const ssize_t size = fd.valid() ? ::read(fd.get(), name.data(), name.size()) : 0;
    if (size <= 0) return false;
    const std::string_view line(name.data(), static_cast<std::size_t>(size) - 1);
    return std::ranges::find(names_, line) != names_.end();
  }

  /// Sets found.process where it counts, found.doubt where it might.
  void examine(pid_t pid, bool named_by_root, Sighting& found) const {
    const std::string name = std::to_string(pid);
    const Folder process(proc_, name);
    if (!process.valid() || !has_name(name) || !runs_as_root(process, pid)) return;
    const std::string started = start_time(process.text("stat"));
    const std::string program = process.link("exe");
    if (program.empty() && (errno == EACCES || errno == EPERM)) {
      found.doubt = {model::Severity::kUnknown, "docker",
                     "only root can see whether process " + name + " is Docker",
                     "run this as root"};
    }
    struct stat before = {};
    if (started.empty() || program.empty() || !shares_namespaces(process) ||
        !process.stat("exe", before)) {
      return;
    }
    const Program* known = program_of(before);
    if (known == nullptr && !(named_by_root && was_replaced(program))) {
      if (may_be_dockerd(program, before)) found.doubt = doubt(name, program);
      return;
    }
    DaemonProcess daemon = describe(pid, process, started);
    if (known != nullptr) daemon.program = known->path;
    // It may have become another program since.
    struct stat after = {};
    if (process.stat("exe", after) && after.st_dev == before.st_dev &&
        after.st_ino == before.st_ino && runs_as_root(process, pid)) {
      found.process = std::move(daemon);
    }
  }

 private:
  [[nodiscard]] DaemonProcess describe(pid_t pid, const Folder& process,
                                       const std::string& started) const {
    DaemonProcess daemon;
    daemon.pid = pid;
    // Process ids and ticks start over with each boot; its id tells them apart.
    const std::string boot = Folder(proc_, "sys/kernel/random").text("boot_id").substr(0, 8);
    daemon.instance = std::to_string(pid) + ":" + started + (boot.empty() ? "" : ":" + boot);
    daemon.arguments = arguments_of(process);
    daemon.folder = process.link("cwd");
    return daemon;
  }

  [[nodiscard]] bool shares_namespaces(const Folder& process) const {
    return std::ranges::all_of(std::initializer_list<const char*>{"ns/user", "ns/pid", "ns/net"},
                               [&](const char* name) {
                                 const std::string own = self_.link(name);
                                 return !own.empty() && own == process.link(name);
                               });
  }

  [[nodiscard]] const Program* program_of(const struct stat& status) const {
    const auto found = std::ranges::find_if(programs_.trusted, [&](const Program& program) {
      return program.device == status.st_dev && program.inode == status.st_ino;
    });
    return found == programs_.trusted.end() ? nullptr : &*found;
  }

  /// Whether `link` names the file that stood where one of ours stands.
  [[nodiscard]] bool was_replaced(std::string_view link) const {
    if (!link.ends_with(kDeleted)) return false;
    const fs::path gone = link.substr(0, link.size() - kDeleted.size());
    return std::ranges::find(programs_.named, gone) != programs_.named.end() ||
           std::ranges::find(programs_.trusted, gone, &Program::real) != programs_.trusted.end();
  }

  /// A process has the name it was started by: anybody may start a program that gives him root
  /// (sudo) by a link called dockerd, and let it wait for his password.
  [[nodiscard]] bool may_be_dockerd(const fs::path& program, const struct stat& status) const {
    const std::string name = program.filename().string().substr(0, 15);
    return (status.st_mode & (S_ISUID | S_ISGID)) == 0 &&
           std::ranges::any_of(names_, [&](const auto& known) { return name.starts_with(known); });
  }

  [[nodiscard]] model::Finding doubt(const std::string& pid, const std::string& program) const {
    model::Finding finding{model::Severity::kUnknown, "docker",
                           "process " + pid +
                               " has Docker's name and runs as root, but its program " + program +
                               " is none that is known",
                           "restart it if its program was moved; else name that as `program` under "
                           "[docker] in the inventory"};
    if (program.ends_with(kDeleted)) finding.remedy = "restart it, so that it runs from a file";
    if (!programs_.fault.empty()) finding.message += " (" + programs_.fault + ")";
    return finding;
  }

  fs::path proc_;
  Folder self_;
  const Programs& programs_;
  std::vector<std::string> names_;  // as `comm` shows them
};

std::optional<pid_t> named_process(const fs::path& pidfile) {
  try {
    const auto text = base::read_trusted(pidfile, kProcLimit, base::Sticky::kAllowed);
    return parse_pid(text.value_or(""));
  } catch (const base::Error&) {
    return std::nullopt;  // not root's: it names nobody
  }
}

}  // namespace

Sighting find_daemon(const fs::path& pidfile, const fs::path& proc, const Programs& programs,
                     bool all) {
  const Search search(proc, programs);
  Sighting found;
  if (const auto pid = named_process(pidfile)) search.examine(*pid, true, found);
  std::error_code error;
  fs::directory_iterator entry;
  if (all && !found.process) entry = fs::directory_iterator(proc, error);
  for (const fs::directory_iterator end; !found.process && !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    const auto pid = parse_pid(name);
    // A doubt of the pid file's process stays: the first one counts.
    if (!pid || !search.has_name(name)) continue;
    Sighting other;
    search.examine(*pid, false, other);
    found.process = other.process;
    if (!found.doubt) found.doubt = other.doubt;
  }
  if (found.process) found.doubt.reset();
  return found;
}

}  // namespace overland::docker
