#include "base/file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "base/trusted_path.h"
#include "base/unique_fd.h"

namespace overland::base {
namespace {

namespace fs = std::filesystem;

/// Removes the temporary file unless it was renamed away.
class Temporary {
 public:
  /// Made under a name that nobody can guess and take before.
  Temporary(int folder, const std::string& stem, const fs::path& shown) : folder_(folder) {
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof(random), 0) != sizeof(random)) throw_errno("getrandom", errno);
    name_ = "." + stem + "." + std::to_string(random);
    fd_ = UniqueFd(
        ::openat(folder, name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_.valid()) throw_errno("cannot create a file in " + shown.string(), errno);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!name_.empty() && fd_.valid()) ::unlinkat(folder_, name_.c_str(), 0);
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// False, with errno, where that fails.
  [[nodiscard]] bool rename_to(const std::string& name) {
    if (::renameat(folder_, name_.c_str(), folder_, name.c_str()) != 0) return false;
    name_.clear();
    return true;
  }

 private:
  int folder_;
  std::string name_;
  UniqueFd fd_;
};

void write_all(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write " + name, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

fs::path follow_links(fs::path path) {
  // readlink by hand: canonical() needs the last component to exist, a dangling link is legal here.
  for (int depth = 0; depth < 40; ++depth) {  // 40 is MAXSYMLINKS of path_resolution(7)
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return path;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  throw_errno("cannot follow " + path.string(), ELOOP);
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw_errno("cannot create folder " + folder.string(), error.value());
}

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// Missing folders are made on the way. Not valid(), with errno, where one is a link.
UniqueFd open_without_links(const fs::path& folder) {
  constexpr int kOnTheWay = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd at(::open("/", kOnTheWay));
  std::error_code error;
  const fs::path whole = fs::absolute(folder, error);  // the working folder may be gone
  if (error) throw_errno("cannot find folder " + folder.string(), error.value());
  for (const fs::path& name : whole.relative_path()) {
    if (name.empty()) continue;
    UniqueFd next(::openat(at.get(), name.c_str(), kOnTheWay));
    if (!next.valid() && errno == ENOENT && ::mkdirat(at.get(), name.c_str(), 0755) == 0) {
      next = UniqueFd(::openat(at.get(), name.c_str(), kOnTheWay));
    }
    if (!next.valid()) return {};
    at = std::move(next);
  }
  return UniqueFd(::openat(at.get(), ".", kFolder));
}

UniqueFd open_folder(const fs::path& folder, Symlinks symlinks) {
  UniqueFd fd;
  if (symlinks == Symlinks::kFollow) {
    make_folders(folder);
    fd = UniqueFd(::open(folder.c_str(), kFolder));
  } else {
    fd = open_without_links(folder);
    // O_NOFOLLOW beside O_DIRECTORY: one or the other, by the kernel.
    if (!fd.valid() && (errno == ELOOP || errno == ENOTDIR)) {
      const int error = errno;
      fd = open_trusted(folder, O_RDONLY | O_DIRECTORY, Sticky::kFoldersOnly);
      errno = error;
    }
  }
  if (!fd.valid()) throw_errno("cannot open folder " + folder.string(), errno);
  return fd;
}

}  // namespace

std::string read_open_file(int fd, const fs::path& name, std::size_t limit) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) throw_errno("cannot stat " + name.string(), errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::kFailure, name.string() + " is not a regular file");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string content;
  content.reserve(std::min(size, limit));
  std::array<char, 65536> chunk;
  // The size is a hint only: files of /proc have none, and others may grow while they are read.
  while (size <= limit && content.size() <= limit) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read " + name.string(), errno);
    if (got == 0) return content;
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
  throw Error(ErrorKind::kFailure,
              name.string() + " is larger than " + std::to_string(limit) + " bytes", EFBIG);
}

std::optional<std::string> read_file(const fs::path& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.valid()) return read_open_file(fd.get(), path, limit);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno("cannot open " + path.string(), errno);
}

void replace_file(const fs::path& path, std::string_view content, FileMode mode,
                  Symlinks symlinks) {
  const fs::path target = symlinks == Symlinks::kFollow ? follow_links(path) : path;
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const UniqueFd at = open_folder(folder, symlinks);
  Temporary temporary(at.get(), target.filename(), folder);
  write_all(temporary.fd(), content, target.string());
  if (::fchown(temporary.fd(), mode.owner, mode.group) != 0 ||
      ::fchmod(temporary.fd(), mode.mode) != 0) {
    throw_errno("cannot set mode and owner of " + target.string(), errno);
  }
  if (::fsync(temporary.fd()) != 0) throw_errno("cannot sync " + target.string(), errno);
  if (!temporary.rename_to(target.filename())) {
    throw_errno("cannot replace " + target.string(), errno);
  }
  if (::fsync(at.get()) != 0) throw_errno("cannot sync " + folder.string(), errno);
}

}  // namespace overland::base
