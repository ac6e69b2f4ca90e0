#pragma once
// Collects the faults of one file while it is read and checked. Keeps at most kMaxDiagnostics, so
// that a file of a million faults costs no memory; errors past that still count.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "inventory/codes.h"
#include "inventory/diagnostic.h"

namespace overland::inventory {

inline constexpr std::size_t kMaxDiagnostics = 1000;

class Report {
 public:
  void add(Code code, Position at, std::string message, std::string remedy = {});
  [[nodiscard]] bool has_errors() const { return errors_; }
  /// But for slots that are missing.
  [[nodiscard]] bool has_other_errors() const { return other_errors_; }
  /// What is read next is a file, with so many lines of others before it.
  void begin_document(std::uint32_t lines_before) {
    document_begin_ = lines_before_ = lines_before;
  }
  /// What is read next is a piece of that file, with so many of its lines before it.
  void begin_piece(std::uint32_t lines_before) { lines_before_ = document_begin_ + lines_before; }
  /// "line 12", of the file that is read.
  [[nodiscard]] std::string line(Position place) const {
    return "line " + std::to_string(place.line - document_begin_);
  }
  /// Where a place of that piece stands in all files.
  [[nodiscard]] Position in_file(Position place) const {
    return {place.line + lines_before_, place.column};
  }
  /// All faults in order of position, and where some were dropped, one last that says how many.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  std::vector<Diagnostic> diagnostics_;
  std::size_t dropped_ = 0;
  std::uint32_t document_begin_ = 0;
  std::uint32_t lines_before_ = 0;
  bool errors_ = false;
  bool other_errors_ = false;
};

using base::printable;
using base::shorten;

/// `text` in double quotes, printable and at most some 80 characters long.
std::string quote(std::string_view text);

}  // namespace overland::inventory
