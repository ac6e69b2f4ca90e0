#include "docker/program.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/error.h"
#include "base/process.h"
#include "base/unique_fd.h"

namespace overland::docker {
namespace {

int major_of(std::string_view version) {
  int major = 0;
  const auto parsed = std::from_chars(version.data(), version.data() + version.size(), major);
  return parsed.ec == std::errc() ? major : 0;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) base::throw_errno("cannot keep daemon.json in memory", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string last_line(std::string text) {
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

std::string program_version(const std::filesystem::path& program,
                            std::chrono::milliseconds patience) {
  const base::ProcessResult result = base::run(program, {"--version"}, patience);
  if (result.status != 0) {
    throw base::Error(
        base::ErrorKind::kFailure,
        "`" + program.string() + " --version` ended with status " + std::to_string(result.status));
  }
  const std::string& out = result.out;
  constexpr std::string_view kStart = "Docker version ";  // "Docker version 28.5.2, build 3ef3c07"
  if (!out.starts_with(kStart)) return {};
  return out.substr(kStart.size(), out.find(',') - kStart.size());
}

bool can_validate(std::string_view version) { return major_of(version) >= 23; }

bool takes_byte_order_mark(std::string_view version) { return major_of(version) >= 23; }

std::string validation_fault(const std::filesystem::path& program, std::string_view text,
                             const std::string& file, std::chrono::milliseconds patience) {
  // A file in memory leaves nothing behind, whatever happens; the child opens it through procfs.
  const base::UniqueFd memory(::memfd_create("daemon.json", MFD_CLOEXEC));
  if (!memory.valid()) base::throw_errno("cannot keep daemon.json in memory", errno);
  write_all(memory.get(), text);
  const std::string path =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory.get());
  const base::ProcessResult result =
      base::run(program, {"--validate", "--config-file=" + path}, patience);
  // Ended by a signal, as a sandbox around us may do to it: that is no verdict on the file.
  if (result.status == 0 || result.status > 128) return {};
  std::string fault = last_line(result.err);
  if (fault.empty()) fault = "exit status " + std::to_string(result.status);
  for (std::size_t at = fault.find(path); at != std::string::npos; at = fault.find(path, at)) {
    fault.replace(at, path.size(), file);
    at += file.size();
  }
  return fault;
}

}  // namespace overland::docker
