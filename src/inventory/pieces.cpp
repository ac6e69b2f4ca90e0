#include "inventory/pieces.h"

#include "inventory/guard.h"

namespace overland::inventory {
namespace {

/// Takes note of the header at the start of `line`, which stands at `offset`. Only the plainest way
/// to write one counts as a host: what TOML allows beside it makes the text one piece.
void note_header(std::string_view line, std::size_t offset, Sections& sections) {
  if (sections.end) return;
  if (line.starts_with("[end]")) {
    sections.end = offset;
  } else if (line.starts_with("[[host]]")) {
    sections.hosts.push_back(offset);
  } else if (!sections.hosts.empty() && !line.starts_with("[host.")) {
    sections.hosts_last = false;
  }
}

}  // namespace

Sections find_sections(std::string_view text) {
  Sections result;
  int brackets = 0;
  bool line_start = true;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (line_start && brackets == 0 && c == '[') note_header(text.substr(i), i, result);
    line_start = c == '\n' || (line_start && (c == ' ' || c == '\t'));
    if (c == '"' || c == '\'') {
      i = skip_string(text, i);
      continue;
    }
    if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if (c == ']' || c == '}') --brackets;
    ++i;
  }
  return result;
}

std::vector<std::string_view> cut(std::string_view text, const Sections& sections,
                                  std::size_t size) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  if (sections.hosts_last && !sections.hosts.empty()) {
    for (const std::size_t host : sections.hosts) {
      if (host == sections.hosts.front() || host - begin < size) continue;
      pieces.push_back(text.substr(begin, host - begin));
      begin = host;
    }
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

}  // namespace overland::inventory
