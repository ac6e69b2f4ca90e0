#pragma once
// The files that are one inventory together: a main file and its fragments, each TOML of its own.
// A position counts lines through all of them, the main file first; Places says which file's it is.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/diagnostic.h"

namespace overland::inventory {

struct Fragment {
  std::string name;  // "web.toml", without its folder; printable
  std::string text;

  auto operator<=>(const Fragment&) const = default;
};

struct Sources {
  std::string text;                      // of the main file
  std::vector<Fragment> fragments = {};  // sorted by name, bytewise

  auto operator<=>(const Sources&) const = default;
};

/// All of it as one string: what is hashed, and kept as the one last applied. Without fragments the
/// bytes of the main file; else each fragment's name and text follow, with a NUL byte before each,
/// which neither has.
std::string joined(Sources sources);
/// How many bytes that has, without making it: it may be 64 MiB.
std::size_t size_of_joined(const Sources& sources);
/// The other way. A main file that has NUL bytes becomes fragments of strange names.
Sources separated(std::string bytes);

/// One of them, by its place in Places: 0 is the main file.
struct Place {
  std::size_t document = 0;
  Position position;  // in that one
};

class Places {
 public:
  Places() = default;  // of a main file alone
  explicit Places(const Sources& sources);

  /// How many lines come before document number `document`.
  [[nodiscard]] std::uint32_t lines_before(std::size_t document) const {
    return document == 0 ? 0 : begins_[document - 1];
  }
  [[nodiscard]] Place locate(Position position) const;
  /// The fragment's name; empty for the main file.
  [[nodiscard]] const std::string& name(std::size_t document) const;
  /// "line 12", and of which file, where there are several.
  [[nodiscard]] std::string line(Position position) const;

 private:
  std::vector<std::uint32_t> begins_;  // of each fragment, lines before it
  std::vector<std::string> names_;     // of each fragment
};

}  // namespace overland::inventory
