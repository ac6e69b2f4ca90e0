#include "inventory/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace overland::inventory {
namespace {

constexpr std::size_t kLongestQuote = 80;  // bytes; a name of hostname(7) may have 253

}  // namespace

void Report::add(Code code, Position at, std::string message, std::string remedy) {
  const CodeEntry& known = entry(code);
  if (severity(code) == Severity::kError) {
    errors_ = true;
    other_errors_ = other_errors_ || code != Code::kNoSlot;
  }
  if (diagnostics_.size() >= kMaxDiagnostics) {
    ++dropped_;
    return;
  }
  diagnostics_.push_back(
      {std::string(known.text), severity(code), at, std::move(message), std::move(remedy)});
}

std::vector<Diagnostic> Report::take() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [](const auto& a, const auto& b) { return a.position < b.position; });
  if (dropped_ > 0) {
    diagnostics_.push_back({std::string(entry(Code::kTooManyFaults).text),
                            Severity::kError,
                            {},
                            std::to_string(dropped_) + " more faults are not shown",
                            "mend the ones above first"});
    dropped_ = 0;
  }
  return std::move(diagnostics_);
}

std::string quote(std::string_view text) { return "\"" + shorten(text, kLongestQuote) + "\""; }

std::string render(const std::vector<Diagnostic>& diagnostics, const std::string& file,
                   const std::string& folder) {
  std::vector<const Diagnostic*> sorted;
  sorted.reserve(diagnostics.size());
  for (const Diagnostic& diagnostic : diagnostics) sorted.push_back(&diagnostic);
  // Faults without a place come last: they speak of the file as a whole.
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    const bool a_nowhere = a->position.line == 0;
    const bool b_nowhere = b->position.line == 0;
    if (a_nowhere != b_nowhere) return b_nowhere;
    return std::tie(a->fragment, a->position) < std::tie(b->fragment, b->position);
  });
  std::string result;
  const std::string name = printable(file);
  for (const Diagnostic* diagnostic : sorted) {
    const std::string& fragment = diagnostic->fragment;
    result += fragment.empty() ? name : printable(folder + "/" + fragment);
    if (diagnostic->position.line > 0) {
      result += ":" + std::to_string(diagnostic->position.line) + ":" +
                std::to_string(diagnostic->position.column);
    }
    result += diagnostic->severity == Severity::kError ? ": error: " : ": warning: ";
    result += diagnostic->code + ": " + diagnostic->message;
    if (!diagnostic->remedy.empty()) result += " (" + diagnostic->remedy + ")";
    result += "\n";
  }
  return result;
}

}  // namespace overland::inventory
