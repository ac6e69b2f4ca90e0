#include "kernel/sysctls.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/unique_fd.h"

namespace overland::kernel {
namespace {

constexpr std::size_t kValueLimit = 65536;  // bytes; the longest tables of net.* are far below

}  // namespace

std::filesystem::path sysctl_path(const std::string& key) {
  std::string path = key;
  const std::size_t first = key.find_first_of("./");
  if (first != std::string::npos && key[first] == '.') {
    std::transform(key.begin(), key.end(), path.begin(), [](char c) {
      return c == '.' ? '/' : c == '/' ? '.' : c;
    });
  }
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) {
      throw base::Error(base::ErrorKind::kInvalid, "\"" + key + "\" is no kernel parameter's name");
    }
    start = end + 1;
  }
  return "/proc/sys/" + path;
}

std::optional<std::string> SysctlTree::read(const std::string& key) {
  auto value = base::read_file(sysctl_path(key), kValueLimit);
  if (value && value->ends_with('\n')) value->pop_back();
  return value;
}

void SysctlTree::apply(const plan::SysctlStep& step) {
  if (!step.to) return;
  const auto& [key, value] = *step.to;
  const std::string what = "cannot set " + key + " to " + value;
  const base::UniqueFd fd(
      ::open(sysctl_path(key).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() && errno == ENOENT) {
    throw base::Error(base::ErrorKind::kUnsupported, what + ": this kernel has no such parameter",
                      ENOENT);
  }
  if (!fd.valid()) base::throw_errno(what, errno);
  // One write: the kernel takes what one call brings as the whole value.
  const std::string line = value + "\n";
  ssize_t written = -1;
  do {
    written = ::write(fd.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) base::throw_errno(what, errno);
}

}  // namespace overland::kernel
