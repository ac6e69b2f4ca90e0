#include "inventory/frame.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "inventory/guard.h"

namespace overland::inventory {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kKey = "min_overland";

std::size_t skip(std::string_view text, std::size_t at, std::string_view characters) {
  return std::min(text.find_first_not_of(characters, at), text.size());
}

std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// The first character from `at` on that is neither blank nor of a comment.
std::size_t skip_nothing(std::string_view text, std::size_t at) {
  for (;;) {
    at = skip(text, at, " \t\r\n");
    if (at == text.size() || text[at] != '#') return at;
    at = line_end(text, at);
  }
}

/// The end of the statement at `at`: of its line, where no string or list goes on.
std::size_t skip_statement(std::string_view text, std::size_t at) {
  int brackets = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = skip_string(text, at);
      continue;
    }
    if (c == '#') {
      at = line_end(text, at);
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if (c == ']' || c == '}') --brackets;
    if (c == '\n' && brackets <= 0) return at;
    ++at;
  }
  return at;
}

/// Where the string stands that is the value of kKey; nullopt where there is none.
std::optional<std::size_t> find_value(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  for (;;) {
    at = skip_nothing(text, at);
    if (at == text.size() || text[at] == '[') return std::nullopt;
    if (text.substr(at, kKey.size()) == kKey) {
      std::size_t value = skip(text, at + kKey.size(), kBlanks);
      if (value < text.size() && text[value] == '=') {
        value = skip(text, value + 1, kBlanks);
        const bool string = value < text.size() && (text[value] == '"' || text[value] == '\'');
        if (string) return value;
      }
    }
    at = skip_statement(text, at);
  }
}

std::string show(const Release& release) {
  std::string text = std::to_string(release[0]) + "." + std::to_string(release[1]);
  return release[2] == 0 ? text : text + "." + std::to_string(release[2]);
}

void report_newer(const Release& needed, Position at, const Release& running, Report& report) {
  report.add(Code::kNewer, at,
             "the file needs overland " + show(needed) + "; this is " + show(running),
             "install overland " + show(needed) + " or later on this host");
}

}  // namespace

std::optional<Release> read_release(std::string_view text) {
  Release release = {};
  for (std::size_t part = 0; part < release.size(); ++part) {
    const std::string_view digits = text.substr(0, text.find('.'));
    const char* const end = digits.data() + digits.size();
    if (digits.size() > 4) return std::nullopt;
    const auto read = std::from_chars(digits.data(), end, release[part]);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    if (digits.size() == text.size()) return part == 0 ? std::nullopt : std::optional(release);
    text.remove_prefix(digits.size() + 1);
  }
  return std::nullopt;
}

Release this_release() { return read_release(OVERLAND_VERSION).value_or(Release{}); }

bool needs_newer(std::string_view text, const Release& running, Report& report) {
  const auto value = find_value(text);
  if (!value) return false;
  const std::size_t end = skip_string(text, *value);
  if (end < *value + 2) return false;
  const auto needed = read_release(text.substr(*value + 1, end - *value - 2));
  if (!needed || *needed <= running) return false;
  report_newer(*needed, position_of(text, *value), running, report);
  return true;
}

void check_release(std::string_view text, Position at, const Release& running, Report& report) {
  const auto needed = read_release(text);
  if (!needed) {
    report.add(Code::kRelease, at, "min_overland " + quote(text) + " is not a version",
               "write it like \"0.1\" or \"0.1.2\"");
  } else if (*needed > running) {
    report_newer(*needed, at, running, report);
  }
}

std::string_view before_end(std::string_view text, std::size_t end, Report& report) {
  const std::size_t rest = skip_nothing(text, end + std::string_view("[end]").size());
  if (rest < text.size()) {
    report.add(Code::kAfterEnd, position_of(text, rest), "something stands in or after [end]",
               "[end] is the last line, so that a file without it is seen to be cut off");
  }
  return text.substr(0, end);
}

}  // namespace overland::inventory
