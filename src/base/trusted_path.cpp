#include "base/trusted_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "base/error.h"
#include "base/file.h"

namespace overland::base {
namespace {

namespace fs = std::filesystem;

constexpr int kLinkLimit = 40;  // MAXSYMLINKS of path_resolution(7)

bool absent(int error) { return error == ENOENT || error == ENOTDIR; }

struct stat status_of(int fd, const fs::path& name) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) throw_errno("cannot stat " + name.string(), errno);
  return status;
}

[[noreturn]] void refuse(const fs::path& name, const std::string& fault,
                         const std::string& remedy) {
  throw Error(ErrorKind::kInvalid, name.string() + " " + fault + "; " + remedy);
}

class Walk {
 public:
  Walk(const fs::path& path, Sticky sticky) : sticky_(sticky) {
    restart();
    std::error_code error;
    const fs::path whole = fs::absolute(path, error);  // the working folder may be gone
    if (error) throw_errno("cannot find " + path.string(), error.value());
    prepend(whole);
  }

  /// Not valid() where a component does not exist.
  UniqueFd to_the_end(int flags) {
    for (fs::path name = pop(); !name.empty(); name = pop()) {
      UniqueFd next = open_next(name);
      if (!next.valid()) return {};
      const fs::path place = place_of(name);
      const struct stat status = status_of(next.get(), place);
      check(place, status);
      if (pass(next, place, status)) continue;
      return ahead_.empty() ? finish(std::move(next), name, place, status, flags) : UniqueFd();
    }
    const struct stat status = status_of(folder_.get(), where_);
    return finish(std::move(folder_), ".", where_, status, flags);
  }

  TrustedPlace to_the_place() {
    for (fs::path name = pop(); !name.empty(); name = pop()) {
      UniqueFd next = open_next(name);
      const bool last = ahead_.empty();
      if (!next.valid() && !last) return {};
      const fs::path place = place_of(name);
      struct stat status = {};
      if (next.valid()) status = status_of(next.get(), place);
      if (last && S_ISDIR(status.st_mode)) break;
      if (last && !S_ISLNK(status.st_mode)) {
        check_folder();
        return {std::move(folder_), name, place};
      }
      check(place, status);
      if (!pass(next, place, status)) return {};
    }
    throw Error(ErrorKind::kInvalid,
                "a folder stands where a file should be, in " + where_.string());
  }

 private:
  void restart() {
    UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) throw_errno("cannot open /", errno);
    const struct stat status = status_of(root.get(), "/");
    open_to_others_ = false;
    check("/", status);
    step_into(std::move(root), "/", status);
  }

  void step_into(UniqueFd folder, const fs::path& place, const struct stat& status) {
    folder_ = std::move(folder);
    where_ = place;
    open_to_others_ = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  }

  /// The next component that leads anywhere; empty at the end.
  fs::path pop() {
    fs::path name;
    while (!ahead_.empty() && (name.empty() || name == "." || name == "/")) {
      name = std::move(ahead_.front());
      ahead_.pop_front();
    }
    return name == "." || name == "/" ? fs::path() : name;
  }

  [[nodiscard]] fs::path place_of(const fs::path& name) const {
    return name == ".." ? where_.parent_path() : where_ / name;
  }

  /// Not valid() where it does not exist.
  [[nodiscard]] UniqueFd open_next(const fs::path& name) const {
    UniqueFd next(::openat(folder_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid() && !absent(errno))
      throw_errno("cannot open " + (where_ / name).string(), errno);
    return next;
  }

  /// Steps into a folder or follows a link; false where it is neither.
  bool pass(UniqueFd& next, const fs::path& place, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) {
      step_into(std::move(next), place, status);
      return true;
    }
    if (!S_ISLNK(status.st_mode)) return false;
    follow(next.get(), place);
    return true;
  }

  void prepend(const fs::path& path) { ahead_.insert(ahead_.begin(), path.begin(), path.end()); }

  void follow(int link, const fs::path& place) {
    if (++links_ > kLinkLimit) throw_errno("cannot follow " + place.string(), ELOOP);
    std::array<char, PATH_MAX> target = {};
    const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
    if (length < 0) throw_errno("cannot read the link " + place.string(), errno);
    const fs::path path(std::string(target.data(), static_cast<std::size_t>(length)));
    if (path.is_absolute()) restart();
    prepend(path);
  }

  /// Whether the folder may hold anything but folders.
  void check_folder() const {
    if (!open_to_others_ || sticky_ == Sticky::kAllowed) return;
    refuse(where_, "may be written by others than root",
           "run `chmod go-w " + where_.string() + "`");
  }

  /// Whether only root and we ourselves say what stands at `place`.
  void check(const fs::path& place, const struct stat& status) const {
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
      const std::string give = std::string("run `chown ") + (S_ISLNK(status.st_mode) ? "-h " : "") +
                               "root " + place.string() + "`";
      // It may be somebody's home, which stays theirs.
      refuse(place, "belongs to user " + std::to_string(status.st_uid),
             S_ISDIR(status.st_mode)
                 ? "use a file in a folder of root's, or, where this one is nobody's home, " + give
                 : give);
    }
    if (!S_ISDIR(status.st_mode)) check_folder();
    const bool sticky_folder = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || S_ISLNK(status.st_mode) ||
        S_ISSOCK(status.st_mode) || sticky_folder) {
      return;
    }
    refuse(place, "may be written by others than root", "run `chmod go-w " + place.string() + "`");
  }

  /// `thing` is the last component, opened as a path only.
  UniqueFd finish(UniqueFd thing, const fs::path& name, const fs::path& place,
                  const struct stat& status, int flags) const {
    const bool folder = S_ISDIR(status.st_mode);
    if ((flags & O_DIRECTORY) != 0 && !folder) return {};
    if ((flags & O_PATH) != 0) return thing;
    // Looked at before it is opened: opening a FIFO or a device does something.
    if (!S_ISREG(status.st_mode) && !(folder && (flags & O_DIRECTORY) != 0)) {
      throw Error(ErrorKind::kInvalid, place.string() + " is not a regular file");
    }
    UniqueFd opened(::openat(folder ? thing.get() : folder_.get(), name.c_str(),
                             flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!opened.valid()) {
      if (absent(errno)) return {};
      throw_errno("cannot open " + place.string(), errno);
    }
    check(place, status_of(opened.get(), place));  // it may have been replaced since
    return opened;
  }

  Sticky sticky_;
  UniqueFd folder_;              // so far, checked
  fs::path where_;               // its name
  bool open_to_others_ = false;  // it is a sticky folder that others may write
  std::deque<fs::path> ahead_;   // components still to walk
  int links_ = 0;
};

}  // namespace

UniqueFd open_trusted(const fs::path& path, int flags, Sticky sticky) {
  return Walk(path, sticky).to_the_end(flags);
}

TrustedPlace find_trusted_place(const fs::path& path) {
  return Walk(path, Sticky::kFoldersOnly).to_the_place();
}

std::optional<std::string> read_trusted(const fs::path& path, std::size_t limit, Sticky sticky) {
  const UniqueFd fd = open_trusted(path, O_RDONLY, sticky);
  if (!fd.valid()) return std::nullopt;
  return read_open_file(fd.get(), path, limit);
}

}  // namespace overland::base
