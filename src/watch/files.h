#pragma once
// Files that somebody may write, replace, remove or lead elsewhere: inotify(7) on every folder on
// the way to each, links followed, whether they are there yet or not.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "host/events.h"

namespace overland::watch {

struct WatchedFile {
  std::filesystem::path path;  // absolute
  host::Part part;
  /// Whoever only opened it tells something, too: a lock file.
  bool opened = false;
  /// It is a folder, and whatever changes in it tells.
  bool folder = false;
};

class FileEvents : public host::Events {
 public:
  /// Throws what errno says where there is no inotify to be had.
  explicit FileEvents(std::vector<WatchedFile> files);

  [[nodiscard]] int fd() const override { return fd_.get(); }
  host::Parts drain() override;

 private:
  struct Name {
    std::string name;  // in the folder; empty: the file itself, "*": anything
    host::Part part;
  };

  void arm();
  void arm_file(const WatchedFile& file, const std::filesystem::path& path, int links);
  void add(const std::filesystem::path& path, std::uint32_t mask, Name name);
  host::Parts note(int watch, std::uint32_t mask, const char* name, bool& again);

  std::vector<WatchedFile> files_;
  base::UniqueFd fd_;
  std::map<int, std::vector<Name>> names_;  // by watch descriptor
};

}  // namespace overland::watch
