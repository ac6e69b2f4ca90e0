#pragma once
// Collects the faults of one file while it is read and checked. Keeps at most kMaxDiagnostics, so
// that a file of a million faults costs no memory; errors past that still count.

#include <cstddef>
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
  /// All faults in order of position, and where some were dropped, one last that says how many.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  std::vector<Diagnostic> diagnostics_;
  std::size_t dropped_ = 0;
  bool errors_ = false;
};

/// `text` fit for a terminal: control characters, and those that hide or turn text, as \xNN.
std::string printable(std::string_view text);

/// At most `size` bytes of `text`, in whole characters and printable; "…" stands for the rest.
std::string shorten(std::string_view text, std::size_t size);

/// `text` in double quotes, printable and at most some 80 characters long.
std::string quote(std::string_view text);

}  // namespace overland::inventory
