#pragma once
// Which bytes stand in a file, as far as stat(2) tells: a look that costs microseconds.

#include <cstdint>
#include <filesystem>
#include <string>

namespace overland::cli {

/// Equal stamps: the same bytes.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;     // there is no file
  std::int64_t modified = 0;  // nanoseconds since 1970
  std::int64_t changed = 0;

  bool operator==(const FileStamp&) const = default;

  [[nodiscard]] std::string to_string() const;
};

FileStamp stamp(const std::filesystem::path& file);

}  // namespace overland::cli
