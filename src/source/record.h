#pragma once
// What the visits to the source came to: for status and metrics, and so that no older document is
// taken once the local file is gone. Kept beside the state; losing it costs no more than that.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace overland::source {

struct Record {
  std::string source;             // describe()
  std::int64_t last_visit = 0;    // seconds since 1970; 0: none
  std::int64_t last_success = 0;  // when the source last had what is, or became, the local file
  std::string fault;              // why the last visit failed; else empty
  std::string warning;            // of the last success; else empty
  std::optional<std::int64_t> generation;  // of the document taken last
  std::string hash;                        // of that one's bytes
  std::string version;                     // of that one, where the source is asked by it

  auto operator<=>(const Record&) const = default;
};

/// nullopt where there is none. A damaged one, or one that others could change, counts as none.
std::optional<Record> load_record(const std::filesystem::path& file);

/// Throws what errno says.
void store_record(const std::filesystem::path& file, const Record& record);

}  // namespace overland::source
