#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "inventory/inventory.h"
#include "inventory/report.h"

namespace overland::inventory {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kInventory, sentence);
}

[[noreturn]] void refuse_size(const std::string& name) {
  refuse("the inventory " + name +
         " is larger than 64 MiB; no inventory is: is it the right file?");
}

std::string read_standard_input() {
  std::string content;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      refuse("cannot read the inventory from standard input: " + base::errno_text(errno));
    }
    if (got == 0) return content;
    content.append(chunk.data(), static_cast<std::size_t>(got));
    if (content.size() > kLargestFile) refuse_size("on standard input");
  }
}

[[noreturn]] void refuse_missing(const std::string& file) {
  refuse("there is no inventory " + printable(file) +
         "; write one (docs/inventory.md has examples) or name another with --inventory FILE");
}

void require_regular(const std::string& file) {
  std::error_code unknown;
  const auto type = std::filesystem::status(file, unknown).type();
  if (type == std::filesystem::file_type::not_found) refuse_missing(file);
  if (type == std::filesystem::file_type::directory) {
    refuse("the inventory " + printable(file) + " is a directory; name the file inside it");
  }
  if (type != std::filesystem::file_type::regular && !unknown) {
    refuse("the inventory " + printable(file) +
           " is not a regular file; feed what is none to --inventory -");
  }
}

std::string read_text(const std::string& file) {
  require_regular(file);
  try {
    auto content = base::read_file(file, kLargestFile);
    if (!content) refuse_missing(file);
    return std::move(*content);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kInventory) throw;
    if (error.errno_value() == EFBIG) refuse_size(printable(file));
    const bool refused = error.kind() == base::ErrorKind::kPrivilege;
    refuse("cannot use the inventory: " + printable(error.what()) +
           (refused ? "; run as root or make the file readable" : ""));
  }
}

struct stat status_of(const std::filesystem::path& path, const std::string& what) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    refuse("cannot look at the inventory's " + what + " " + path.string() + ": " +
           base::errno_text(errno));
  }
  return status;
}

void require_root_owns(const struct stat& status, const std::filesystem::path& path,
                       const std::string& what) {
  if (status.st_uid == 0) return;
  refuse("the inventory's " + what + " " + path.string() +
         " does not belong to root, so others could change what root applies; run: chown " +
         std::string(S_ISLNK(status.st_mode) ? "-h root " : "root ") + path.string());
}

void require_root_only(const std::filesystem::path& path, const std::string& what,
                       mode_t harmless = 0) {
  const struct stat status = status_of(path, what);
  require_root_owns(status, path, what);
  const bool shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (shared && (status.st_mode & harmless) == 0) {
    refuse("the inventory's " + what + " " + path.string() +
           " is writable by others than root; run: chmod go-w " + path.string());
  }
}

/// In a sticky folder (/tmp) others may make files, but neither remove nor rename those of root.
void require_trusted_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  if (error)
    refuse("cannot find the inventory's folder " + folder.string() + ": " + error.message());
  require_root_only(real, "folder", S_ISVTX);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

Loaded load(const std::string& file) {
  const bool standard_input = file == "-";
  const std::string name = standard_input ? "on standard input" : printable(file);
  std::string text = standard_input ? read_standard_input() : read_text(file);
  if (text.empty()) {
    refuse("the inventory " + name + " is empty; write at least two hosts and one segment");
  }
  if (text.find('\0') != std::string::npos) {
    refuse("the inventory " + name +
           " is not a text file: it has NUL bytes; save it as UTF-8 TOML");
  }
  Loaded loaded = parse(text);
  loaded.text = std::move(text);
  return loaded;
}

void require_trusted(const std::string& file) {
  if (file == "-") return;  // whoever feeds standard input is root already
  require_regular(file);
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  if (error) refuse("cannot find the inventory " + printable(file) + ": " + error.message());
  require_root_only(real, "file");
  require_trusted_folder(folder_of(real));
  const std::filesystem::path named(file);
  if (!std::filesystem::is_symlink(named, error)) return;
  // A link is as good as its owner and the folder it stands in.
  require_root_owns(status_of(named, "link"), named, "link");
  require_trusted_folder(folder_of(named));
}

}  // namespace overland::inventory
