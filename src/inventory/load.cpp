// The bytes of an inventory: from where, how many, and by whom they may be written.

#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
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

std::optional<std::string> read_bytes(const std::string& file, Owners owners) {
  if (owners == Owners::kAny) return base::read_file(file, kLargestFile);
  try {
    return base::read_trusted(file, kLargestFile, base::Sticky::kAllowed);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInvalid) throw;
    refuse("others than root could change what root applies: the inventory " + printable(file) +
           " is not used: " + printable(error.what()));
  }
}

std::string read_named(const std::string& file, Owners owners) {
  require_regular(file);
  try {
    auto content = read_bytes(file, owners);
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

}  // namespace

std::string read_text(const std::string& file, Owners owners) {
  const bool standard_input = file == "-";  // whoever feeds it is root already
  const std::string name = standard_input ? "on standard input" : printable(file);
  std::string text = standard_input ? read_standard_input() : read_named(file, owners);
  if (text.empty()) {
    refuse("the inventory " + name + " is empty; write at least two hosts and one segment");
  }
  if (text.find('\0') != std::string::npos) {
    refuse("the inventory " + name +
           " is not a text file: it has NUL bytes; save it as UTF-8 TOML");
  }
  return text;
}

Loaded load(const std::string& file) { return parse(read_text(file, Owners::kAny)); }

}  // namespace overland::inventory
