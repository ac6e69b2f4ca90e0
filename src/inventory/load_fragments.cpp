// The files of an inventory that has several, as they are at one moment.

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/trusted_path.h"
#include "inventory/inventory.h"
#include "inventory/report.h"

namespace overland::inventory {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

/// What tells one state of a file from another; all zero where there is none.
using Identity = std::array<std::int64_t, 7>;

Identity identity_of(const std::string& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {static_cast<std::int64_t>(status.st_dev),
          static_cast<std::int64_t>(status.st_ino),
          status.st_size,
          status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec,
          status.st_ctim.tv_sec,
          status.st_ctim.tv_nsec};
}

void require_owners(const std::string& folder, Owners owners) {
  if (owners == Owners::kAny) return;
  try {
    const auto fd = base::open_trusted(folder, O_RDONLY | O_DIRECTORY, base::Sticky::kFoldersOnly);
    struct stat status = {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
    throw base::Error(base::ErrorKind::kInvalid, folder +
                                                     " may be written by others than root; run "
                                                     "`chmod go-w " +
                                                     folder + "`");
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInvalid) throw;
    refuse("others than root could change what root applies: " + printable(error.what()));
  }
}

void require_name(const std::string& folder, const std::string& name) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (std::all_of(name.begin(), name.end(), legal)) return;
  refuse("the fragment " + printable(folder + "/" + name) +
         " has a character in its name that is none of a-z, A-Z, 0-9, '-', '_' and '.': rename it");
}

/// Sorted.
std::vector<std::string> names_in(const std::string& folder, Owners owners) {
  std::vector<std::string> names;
  if (folder.empty()) return names;
  std::error_code error;
  const auto type = fs::status(folder, error).type();
  if (type == fs::file_type::not_found) {
    // Fragments that are elsewhere, on a disk that is not there yet, are not none.
    if (!fs::is_symlink(folder, error)) return names;
    refuse(printable(folder) + " is a symbolic link that leads nowhere: is a disk not mounted?");
  }
  if (!error && type != fs::file_type::directory) {
    refuse(printable(folder) + " is no folder: fragments of the inventory are files in it");
  }
  require_owners(folder, owners);
  for (fs::directory_iterator one(folder, error), end; !error && one != end; one.increment(error)) {
    std::string name = one->path().filename();
    if (name.front() == '.' || !name.ends_with(".toml")) continue;
    require_name(folder, name);
    names.push_back(std::move(name));
  }
  if (error) {
    refuse("cannot read the folder " + printable(folder) + ": " + base::errno_text(error.value()) +
           "; run as root or make it readable");
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Each file's name and identity, the main one's first.
using Look = std::vector<std::pair<std::string, Identity>>;

Look look(const std::string& file, const std::string& folder, Owners owners) {
  Look result = {{"", identity_of(file)}};
  for (auto& name : names_in(folder, owners)) {
    const auto identity = identity_of(folder + "/" + name);
    result.emplace_back(std::move(name), identity);
  }
  return result;
}

Sources read_all(const std::string& file, const std::string& folder, Owners owners) {
  Sources result = {read_text(file, owners), read_fragments(folder, owners)};
  if (size_of_joined(result) > kLargestFile) {
    refuse("the inventory " + printable(file) + " and its fragments in " + printable(folder) +
           " are larger than 64 MiB together");
  }
  return result;
}

}  // namespace

std::vector<Fragment> read_fragments(const std::string& folder, Owners owners) {
  std::vector<Fragment> result;
  std::size_t size = 0;
  for (std::string& name : names_in(folder, owners)) {
    std::string text = read_fragment(folder + "/" + name, owners);
    size += text.size();
    if (size > kLargestFile) refuse(printable(folder) + " has more than 64 MiB of fragments");
    result.push_back({std::move(name), std::move(text)});
  }
  return result;
}

Sources read_sources(const std::string& file, const std::string& folder, Owners owners) {
  constexpr int kTries = 20;
  constexpr std::chrono::milliseconds kPause(50);
  constexpr int kFaults = 3;  // a file may be away and back between two looks
  if (folder.empty()) return {read_text(file, owners)};
  for (int tries = 0, faults = 0; tries < kTries; ++tries) {
    const Look before = look(file, folder, owners);
    if (before.size() == 1) {
      Sources alone = {read_text(file, owners)};
      if (names_in(folder, owners).empty()) return alone;
      continue;
    }
    std::optional<Sources> read;
    std::optional<base::Error> fault;
    try {
      read = read_all(file, folder, owners);
    } catch (const base::Error& error) {
      fault = error;  // one that was removed meanwhile is none
    }
    const bool rests = look(file, folder, owners) == before;
    if (!rests || (fault && ++faults < kFaults)) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (fault) throw base::Error(*fault);
    return std::move(*read);
  }
  throw base::Error(base::ErrorKind::kLocked,
                    printable(file) + " and the files in " + printable(folder) +
                        " are being changed all the time; run it again when whoever does that is "
                        "done");
}

}  // namespace overland::inventory
