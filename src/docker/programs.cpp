#include "docker/programs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.h"
#include "base/trusted_path.h"

namespace overland::docker {

Programs look_at_programs(const std::vector<std::filesystem::path>& named) {
  Programs programs{named, {}, {}};
  for (const auto& path : named) {
    try {
      const base::UniqueFd fd = base::open_trusted(path, O_PATH, base::Sticky::kFoldersOnly);
      if (!fd.valid()) continue;
      struct stat status = {};
      if (::fstat(fd.get(), &status) != 0) base::throw_errno("cannot stat " + path.string(), errno);
      if (!S_ISREG(status.st_mode) || (status.st_mode & 0111U) == 0) continue;
      std::error_code error;
      programs.trusted.push_back(
          {path, std::filesystem::canonical(path, error), status.st_dev, status.st_ino});
    } catch (const base::Error& error) {
      if (programs.fault.empty()) programs.fault = error.what();
    }
  }
  return programs;
}

}  // namespace overland::docker
