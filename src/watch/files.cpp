#include "watch/files.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace overland::watch {
namespace {

namespace fs = std::filesystem;
using host::Parts;

// IN_CREATE: a link, a hard link or a folder is there at once. A file just begun is looked at, too,
// and again when it is closed.
constexpr std::uint32_t kFolder = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                  IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_ONLYDIR | IN_MASK_ADD;
constexpr std::uint32_t kOpened = IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_MASK_ADD;
constexpr int kReadsAtOnce = 64;  // whoever floods us keeps us from nothing else
constexpr int kMostLinks = 40;    // as the kernel's own limit

base::UniqueFd open_inotify() {
  base::UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) base::throw_errno("cannot watch files", errno);
  return fd;
}

}  // namespace

FileEvents::FileEvents(std::vector<WatchedFile> files)
    : files_(std::move(files)), fd_(open_inotify()) {
  arm();
}

void FileEvents::arm() {
  for (const auto& [watch, names] : names_) ::inotify_rm_watch(fd_.get(), watch);
  names_.clear();
  for (const auto& file : files_) arm_file(file, file.path, 0);
}

void FileEvents::add(const fs::path& path, std::uint32_t mask, Name name) {
  const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
  if (watch >= 0) names_[watch].push_back(std::move(name));
}

void FileEvents::arm_file(const WatchedFile& file, const fs::path& path, int links) {
  fs::path folder = "/";
  for (auto part = ++path.begin(); part != path.end(); ++part) {
    add(folder, kFolder, {part->string(), file.part});
    const fs::path next = folder / *part;
    std::error_code error;
    const auto status = fs::symlink_status(next, error);
    if (status.type() == fs::file_type::symlink) {
      const fs::path target = fs::read_symlink(next, error);
      if (error || links == kMostLinks) return;
      fs::path rest = folder / target;
      while (++part != path.end()) rest /= *part;
      return arm_file(file, rest.lexically_normal(), links + 1);
    }
    if (status.type() == fs::file_type::not_found || status.type() == fs::file_type::none) return;
    folder = next;
  }
  if (file.opened) add(folder, kOpened, {"", file.part});
  if (file.folder) add(folder, kFolder, {"*", file.part});
}

Parts FileEvents::note(int watch, std::uint32_t mask, const char* name, bool& again) {
  Parts parts;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    again = true;
    for (const auto& file : files_) parts |= file.part;
    return parts;
  }
  const auto found = names_.find(watch);
  if (found == names_.end()) return parts;
  const bool itself = (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
  for (const auto& one : found->second) {
    if (!itself && one.name != "*" && one.name != name) continue;
    parts |= one.part;
    again = again || (mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_ATTRIB)) == 0;
  }
  return parts;
}

Parts FileEvents::drain() {
  Parts parts;
  bool again = false;
  alignas(inotify_event) std::array<char, 16384> bytes;
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event = {};
      std::memcpy(&event, bytes.data() + at, sizeof event);
      const char* const name = event.len == 0 ? "" : bytes.data() + at + sizeof event;
      parts |= note(event.wd, event.mask, name, again);
      at += sizeof event + event.len;
    }
  }
  if (again) arm();
  return parts;
}

}  // namespace overland::watch
