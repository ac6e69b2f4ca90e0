#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/error.h"
#include "base/unique_fd.h"

namespace overland::base {
namespace {

namespace fs = std::filesystem;

/// Removes the temporary file unless it was renamed away.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void keep() { path_.clear(); }

 private:
  std::string path_;
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

void sync_folder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) throw_errno("cannot sync " + folder.string(), errno);
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

std::optional<FileMode> file_mode(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_errno("cannot stat " + path.string(), errno);
  }
  return FileMode{static_cast<mode_t>(status.st_mode & 07777U), status.st_uid, status.st_gid};
}

void replace_file(const fs::path& path, std::string_view content, FileMode mode,
                  Symlinks symlinks) {
  const fs::path target = symlinks == Symlinks::kFollow ? follow_links(path) : path;
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  make_folders(folder);
  std::string name = (folder / ("." + target.filename().string() + ".XXXXXX")).string();
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.valid()) throw_errno("cannot create a file in " + folder.string(), errno);
  Temporary temporary(name);
  write_all(fd.get(), content, target.string());
  if (::fchown(fd.get(), mode.owner, mode.group) != 0 || ::fchmod(fd.get(), mode.mode) != 0) {
    throw_errno("cannot set mode and owner of " + target.string(), errno);
  }
  if (::fsync(fd.get()) != 0) throw_errno("cannot sync " + target.string(), errno);
  if (::rename(name.c_str(), target.c_str()) != 0) {
    throw_errno("cannot replace " + target.string(), errno);
  }
  temporary.keep();
  sync_folder(folder);
}

}  // namespace overland::base
