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
  constexpr const char* kExample = "/usr/share/doc/overland/examples/two-hosts.toml";
  std::error_code unknown;  // images of containers leave documentation out
  const bool there = std::filesystem::exists(kExample, unknown);
  refuse("there is no inventory " + printable(file) + "; write one (" +
         (there ? std::string("begin with ") + kExample : "`man overland.toml` shows how") +
         ") or name another with --inventory FILE");
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

void require_text(const std::string& text, const std::string& name, const std::string& remedy) {
  if (text.empty()) refuse("the inventory " + name + " is empty; " + remedy);
  if (text.find('\0') != std::string::npos) {
    refuse("the inventory " + name +
           " is not a text file: it has NUL bytes; save it as UTF-8 TOML");
  }
}

}  // namespace

std::string read_text(const std::string& file, Owners owners) {
  const bool standard_input = file == "-";  // whoever feeds it is root already
  const std::string name = standard_input ? "on standard input" : printable(file);
  std::string text = standard_input ? read_standard_input() : read_named(file, owners);
  require_text(text, name, "write at least two hosts and one segment");
  return text;
}

std::string read_fragment(const std::string& file, Owners owners) {
  std::string text = read_named(file, owners);
  require_text(text, printable(file), "remove it, or write what it is for");
  return text;
}

Loaded load(const std::string& file, const std::string& folder) {
  return parse(read_sources(file, folder, Owners::kAny));
}

}  // namespace overland::inventory
