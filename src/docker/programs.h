#pragma once
// The dockerd programs that may be run and believed: only root put them where they are. A path
// learnt from procfs is never among them.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace overland::docker {

struct Program {
  std::filesystem::path path;  // as it was named: what is run
  std::filesystem::path real;  // without links: what procfs shows for it
  dev_t device = 0;
  ino_t inode = 0;
};

struct Programs {
  std::vector<std::filesystem::path> named;  // all that were asked for
  std::vector<Program> trusted;              // those that are there, in that order
  std::string fault;  // why the first that is there was left out, with the remedy; or empty
};

Programs look_at_programs(const std::vector<std::filesystem::path>& named);

}  // namespace overland::docker
