#include "source/secret.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"

namespace overland::source {
namespace {

constexpr std::size_t kLongestSecret = 16U << 10U;  // a JSON Web Token has a few thousand bytes

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

base::UniqueFd open_private(const std::filesystem::path& file) {
  try {
    return base::open_trusted(file, O_RDONLY, base::Sticky::kFoldersOnly);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInvalid) throw;
    refuse(error.what());
  }
}

}  // namespace

std::string read_private(const std::filesystem::path& file, std::size_t limit) {
  const base::UniqueFd fd = open_private(file);
  if (!fd.valid()) refuse("there is no " + file.string() + "; overland(8) says what it holds");
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) base::throw_errno("cannot stat " + file.string(), errno);
  if ((status.st_mode & 077U) != 0) {
    refuse("others may read " + file.string() + ", which leads to secrets: chmod 600 " +
           file.string());
  }
  return base::read_open_file(fd.get(), file, limit);
}

bool may_stand_in_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::string read_secret(const std::filesystem::path& file) {
  std::string secret = read_private(file, kLongestSecret);
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty() || !may_stand_in_header(secret))
    refuse(file.string() + " holds no secret: one line of ASCII");
  return secret;
}

}  // namespace overland::source
