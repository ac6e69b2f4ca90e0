#pragma once
// Collects the faults of one file while it is read and checked. Keeps at most kMaxDiagnostics, so
// that a file of a million faults costs no memory; errors past that still count.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/codes.h"
#include "inventory/diagnostic.h"

namespace overland::inventory {

inline constexpr std::size_t kMaxDiagnostics = 1000;

class Report {
 public:
  void add(Code code, Position at, std::string message, std::string remedy = {});
  [[nodiscard]] bool has_errors() const { return errors_; }
  /// What is read next is a piece of the file, with so many lines before it.
  void begin_piece(std::uint32_t lines_before) { lines_before_ = lines_before; }
  /// Where a place of that piece stands in the file.
  [[nodiscard]] Position in_file(Position place) const {
    return {place.line + lines_before_, place.column};
  }
  /// All faults in order of position, and where some were dropped, one last that says how many.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  std::vector<Diagnostic> diagnostics_;
  std::size_t dropped_ = 0;
  std::uint32_t lines_before_ = 0;
  bool errors_ = false;
};

/// `text` fit for a terminal: control characters, and those that hide or turn text, as \xNN.
std::string printable(std::string_view text);

/// At most `size` bytes of `text`, in whole characters and printable; "…" stands for the rest.
std::string shorten(std::string_view text, std::size_t size);

/// `text` in double quotes, printable and at most some 80 characters long.
std::string quote(std::string_view text);

}  // namespace overland::inventory
