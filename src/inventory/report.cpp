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

/// How many bytes at the start of `text` a terminal acts on instead of showing them; 0 where it
/// shows them.
std::size_t hidden_at(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;  // C1: U+0080 to U+009F
  if (byte(0) != 0xe2) return 0;
  // U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F: no width, line ends, and what turns the
  // direction of the text around (UAX #9).
  const bool general = byte(1) == 0x80 && ((byte(2) >= 0x8b && byte(2) <= 0x8f) ||
                                           (byte(2) >= 0xa8 && byte(2) <= 0xae));
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf;
  return general || isolates ? 3 : 0;
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
    const std::size_t hidden = hidden_at(text.substr(i));
    if (hidden == 0) {
      result += text[i];
      continue;
    }
    for (std::size_t j = 0; j < hidden; ++j) append_escaped(result, text[i + j]);
    i += hidden - 1;
  }
  return result;
}

std::string shorten(std::string_view text, std::size_t size) {
  std::size_t end = std::min(text.size(), size);
  while (end < text.size() && end > 0 && is_continuation(text[end])) --end;
  return printable(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string quote(std::string_view text) { return "\"" + shorten(text, kLongestQuote) + "\""; }

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
  const std::string name = printable(file);
  for (const Diagnostic* diagnostic : sorted) {
    result += name;
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
