#include "inventory/report.h"

#include <algorithm>
#include <utility>

namespace overland::inventory {
namespace {

constexpr std::size_t kLongestQuote = 80;  // bytes; a name of hostname(7) may have 253

void append_escaped(std::string& out, char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += kHex[value >> 4U];
  out += kHex[value & 0xfU];
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

}  // namespace

void Report::add(Code code, Position at, std::string message, std::string remedy) {
  const CodeEntry& known = entry(code);
  if (severity(code) == Severity::kError) errors_ = true;
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

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too: 0xc2 and one continuation byte below 0xa0.
    const bool high_control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (high_control) {
      append_escaped(result, text[i]);
      append_escaped(result, text[++i]);
    } else if (byte < 0x20 || byte == 0x7f) {
      append_escaped(result, text[i]);
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string quote(std::string_view text) {
  std::size_t end = std::min(text.size(), kLongestQuote);
  while (end < text.size() && end > 0 && is_continuation(text[end])) --end;
  return "\"" + printable(text.substr(0, end)) + (end < text.size() ? "…\"" : "\"");
}

std::string render(const std::vector<Diagnostic>& diagnostics, const std::string& file) {
  std::vector<const Diagnostic*> sorted;
  sorted.reserve(diagnostics.size());
  for (const Diagnostic& diagnostic : diagnostics) sorted.push_back(&diagnostic);
  // Faults without a place come last: they speak of the file as a whole.
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    const bool a_nowhere = a->position.line == 0;
    const bool b_nowhere = b->position.line == 0;
    return a_nowhere != b_nowhere ? b_nowhere : a->position < b->position;
  });
  std::string result;
  for (const Diagnostic* diagnostic : sorted) {
    result += file;
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
