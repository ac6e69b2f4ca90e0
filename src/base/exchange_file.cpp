#include "base/exchange_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/error.h"

namespace overland::base {
namespace {

constexpr std::size_t kNoLimit = std::size_t{64} << 20U;  // of what somebody else put there

/// A temporary name in the folder of the file; what stands there in the end is removed.
class Temporary {
 public:
  explicit Temporary(const TrustedPlace& place) : place_(place) {
    // mkostemp() by way of procfs: the folder is held open, and its name may lead elsewhere by now.
    path_ = "/proc/self/fd/" + std::to_string(place.folder.get()) + "/." + place.name + ".XXXXXX";
    fd_ = UniqueFd(::mkostemp(path_.data(), O_CLOEXEC));
    if (!fd_.valid()) {
      throw_errno("cannot create a file in " + place.path.parent_path().string(), errno);
    }
    name_ = path_.substr(path_.rfind('/') + 1);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!kept_) ::unlinkat(place_.folder.get(), name_.c_str(), 0);
  }

  void fill(std::string_view content, FileMode mode) const {
    const std::string& target = place_.path.string();
    while (!content.empty()) {
      const ssize_t written = ::write(fd_.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_errno("cannot write " + target, errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    // The mode first: who gave the file away may not change it any more.
    if (::fchmod(fd_.get(), mode.mode) != 0 || ::fchown(fd_.get(), mode.owner, mode.group) != 0) {
      throw_errno("cannot set mode and owner of " + target, errno);
    }
    if (::fsync(fd_.get()) != 0) throw_errno("cannot sync " + target, errno);
  }

  /// renameat2(2) of this name to the file's, 0 or errno.
  [[nodiscard]] int rename(unsigned flags) const {
    const int folder = place_.folder.get();
    const int done = ::renameat2(folder, name_.c_str(), folder, place_.name.c_str(), flags);
    return done == 0 ? 0 : errno;
  }

  /// Puts back what came out. Whoever replaces the file meanwhile has the last word: what comes out
  /// of that, and is not what we put there, is put back in turn. 0 or errno.
  [[nodiscard]] int put_back() {
    for (UniqueFd there = std::move(fd_);;) {
      UniqueFd back = hold();
      const int error = back.valid() ? rename(RENAME_EXCHANGE) : errno;
      if (error != 0) return error;
      if (has_our_name(there)) return 0;
      there = std::move(back);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  /// What stands there stays.
  void keep() { kept_ = true; }

 private:
  /// What has our name, whatever it is; not valid() and errno where it cannot be had. A file that
  /// is held open gives its inode's number to no other.
  [[nodiscard]] UniqueFd hold() const {
    return UniqueFd(::openat(place_.folder.get(), name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }

  [[nodiscard]] bool has_our_name(const UniqueFd& file) const {
    struct stat named = {};
    struct stat held = {};
    return ::fstatat(place_.folder.get(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ::fstat(file.get(), &held) == 0 && named.st_dev == held.st_dev &&
           named.st_ino == held.st_ino;
  }

  const TrustedPlace& place_;
  std::string path_;
  std::string name_;
  bool kept_ = false;
  UniqueFd fd_;
};

[[noreturn]] void fail(const TrustedPlace& place, int error) {
  throw_errno("cannot replace " + place.path.string(), error);
}

/// For where the temporary name holds an edit of somebody else's.
[[noreturn]] void fail(const TrustedPlace& place, int error, Temporary& temporary) {
  temporary.keep();
  throw_errno("cannot put back " + place.path.string() + ", which was changed meanwhile; it is " +
                  temporary.name() + " in the same folder",
              error);
}

/// Not valid() where there is none.
UniqueFd open_name(const TrustedPlace& place, const std::string& name) {
  UniqueFd fd(::openat(place.folder.get(), name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.valid() && errno != ENOENT) throw_errno("cannot open " + place.path.string(), errno);
  return fd;
}

std::optional<std::string> bytes_of(const TrustedPlace& place, const std::string& name) {
  const UniqueFd fd = open_name(place, name);
  if (!fd.valid()) return std::nullopt;
  return read_open_file(fd.get(), place.path, kNoLimit);
}

/// What cannot be read is not what was read.
bool holds(const TrustedPlace& place, const std::string& name, const std::string& bytes) {
  try {
    return bytes_of(place, name) == bytes;
  } catch (const Error&) {
    return false;
  }
}

bool unsupported(int error) { return error == EINVAL || error == ENOSYS; }

/// For file systems that cannot exchange: a look just before.
bool replace_after_a_look(const TrustedPlace& place, const std::optional<std::string>& before,
                          const Temporary& temporary) {
  if (bytes_of(place, place.name) != before) return false;
  if (const int error = temporary.rename(0)) fail(place, error);
  return true;
}

bool make(const TrustedPlace& place, const Temporary& temporary) {
  const int error = temporary.rename(RENAME_NOREPLACE);
  if (unsupported(error)) return replace_after_a_look(place, std::nullopt, temporary);
  if (error != 0 && error != EEXIST) fail(place, error);
  return error == 0;
}

bool exchange(const TrustedPlace& place, const std::string& before, Temporary& temporary) {
  const int error = temporary.rename(RENAME_EXCHANGE);
  if (unsupported(error)) return replace_after_a_look(place, before, temporary);
  if (error == ENOENT) return false;
  if (error != 0) fail(place, error);
  if (holds(place, temporary.name(), before)) return true;
  if (const int back = temporary.put_back()) fail(place, back, temporary);
  return false;
}

/// What came out is looked at under the temporary name; it goes back unless a new file stands
/// there.
bool take_away(const TrustedPlace& place, const std::string& before, Temporary& temporary) {
  const int folder = place.folder.get();
  if (::renameat(folder, place.name.c_str(), folder, temporary.name().c_str()) != 0) {
    if (errno == ENOENT) return false;
    throw_errno("cannot remove " + place.path.string(), errno);
  }
  if (holds(place, temporary.name(), before)) return true;
  int error = temporary.rename(RENAME_NOREPLACE);
  if (unsupported(error)) error = temporary.rename(0);
  if (error != 0 && error != EEXIST) fail(place, error, temporary);
  return false;
}

}  // namespace

FileContent read_place(const TrustedPlace& place, std::size_t limit) {
  if (!place.folder.valid()) return {};
  const UniqueFd fd = open_name(place, place.name);
  if (!fd.valid()) return {};
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) throw_errno("cannot stat " + place.path.string(), errno);
  return {read_open_file(fd.get(), place.path, limit),
          {static_cast<mode_t>(status.st_mode & 07777U), status.st_uid, status.st_gid}};
}

bool exchange_file(const TrustedPlace& place, const std::optional<std::string>& before,
                   const std::optional<std::string>& after, FileMode mode) {
  bool done = false;
  {
    Temporary temporary(place);
    temporary.fill(after.value_or(""), mode);
    done = !before  ? make(place, temporary)
           : !after ? take_away(place, *before, temporary)
                    : exchange(place, *before, temporary);
  }
  const UniqueFd folder(::openat(place.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) {
    throw_errno("cannot sync " + place.path.parent_path().string(), errno);
  }
  return done;
}

}  // namespace overland::base
