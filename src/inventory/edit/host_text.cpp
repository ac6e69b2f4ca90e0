#include "inventory/edit/host_text.h"

#include <algorithm>
#include <utility>

#include "inventory/edit/key_style.h"

namespace overland::inventory {
namespace {

/// The end of what belongs to `node` and stands below no header of its own, 0 where all does; each
/// header in it begins one of `pieces`.
std::size_t collect(const TomlText& text, const toml::node& node, std::vector<Span>& pieces);

std::size_t collect_table(const TomlText& text, const toml::table& table,
                          std::vector<Span>& pieces) {
  const Span own = text.span(table);
  std::size_t end = own.end;
  for (const auto& [key, value] : table) {
    end = std::max(end, collect(text, value, pieces));
  }
  if (!text.has_header(table)) return end;
  pieces.push_back({own.begin, end});
  return 0;
}

std::size_t collect(const TomlText& text, const toml::node& node, std::vector<Span>& pieces) {
  if (const auto* const table = node.as_table(); table != nullptr && !table->is_inline()) {
    return collect_table(text, *table, pieces);
  }
  const auto* const list = node.as_array();
  if (list == nullptr || list->empty() || !text.has_header(*list->get(0))) {
    return text.span(node).end;
  }
  for (const toml::node& element : *list) collect(text, element, pieces);
  return 0;
}

/// The sections of a host, in the order of the file; neighbours are one.
std::vector<Span> pieces_of(const TomlText& text, const toml::table& host) {
  std::vector<Span> found;
  collect(text, host, found);
  std::sort(found.begin(), found.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> result;
  for (const Span& piece : found) {
    if (!result.empty() && text.skip_nothing(text.line_end(result.back().end)) >= piece.begin) {
      result.back().end = std::max(result.back().end, piece.end);
    } else {
      result.push_back(piece);
    }
  }
  return result;
}

/// The lines of a piece, and as many blank ones that two paragraphs do not become one, nor three.
Span whole_lines(const TomlText& text, const Span& piece) {
  Span lines{text.line_begin(piece.begin), text.line_end(piece.end)};
  const auto blank_above = [&text](std::size_t begin) {
    const std::size_t above = begin == 0 ? 0 : text.line_begin(begin - 1);
    return above < begin && text.blank_line(above);
  };
  if (blank_above(lines.begin)) {
    while (text.blank_line(lines.end)) lines.end = text.line_end(lines.end);
  }
  if (lines.end == text.text().size()) {
    while (blank_above(lines.begin)) lines.begin = text.line_begin(lines.begin - 1);
  }
  return lines;
}

std::size_t comment_above(const TomlText& text, std::size_t begin) {
  if (begin == 0) return 0;
  const std::size_t line = text.line_begin(begin - 1);
  const std::size_t first = text.text().find_first_not_of(" \t", line);
  return first < begin && text.text()[first] == '#' ? text.line_number(line) : 0;
}

/// An entry of a list of inline tables, with the comma behind it, or, of the last one, that before.
std::vector<Splice> cut_entry(const TomlText& text, const toml::array& hosts, std::size_t index) {
  const std::string& all = text.text();
  Span entry = text.span(*hosts.get(index));
  std::vector<Splice> result;
  const std::size_t comma = text.skip_nothing(entry.end);
  const bool has_comma = all[comma] == ',';
  if (has_comma) entry.end = comma + 1;
  const std::size_t begin = text.line_begin(entry.begin);
  const std::size_t rest = all.find_first_not_of(" \t\r", entry.end);
  const bool alone = all.find_first_not_of(" \t", begin) == entry.begin && rest < all.size() &&
                     (all[rest] == '\n' || all[rest] == '#');
  if (!has_comma && index > 0) {
    const std::size_t before = text.skip_nothing(text.span(*hosts.get(index - 1)).end);
    const bool near = all.find_first_not_of(" \t", before + 1) == entry.begin;
    if (near && !alone) return {{{before, entry.end}, ""}};
    result.push_back({{before, before + 1}, ""});
  }
  if (alone) {
    entry = {begin, text.line_end(entry.end)};
  } else {
    while (has_comma && all[entry.end] == ' ') ++entry.end;
  }
  result.push_back({entry, ""});
  return result;
}

Splice append_entry(const TomlText& text, const toml::array& hosts, const HostLines& lines) {
  const auto& last = *hosts.get(hosts.size() - 1);
  const KeyStyle style(text, *last.as_table(), "name");
  std::string entry;
  for (const auto& [key, value] : lines) {
    entry += (entry.empty() ? "{ " : ", ") + style.entry(key, value);
  }
  const Span span = text.span(last);
  const std::size_t begin = text.line_begin(span.begin);
  const std::string indent = text.text().substr(begin, span.begin - begin);
  const bool own_line = indent.find_first_not_of(" \t") == std::string::npos;
  const std::string separator =
      own_line ? "," + std::string(text.line_break(begin)) + indent : ", ";
  return {{span.end, span.end}, separator + entry + " }"};
}

}  // namespace

const toml::array* host_list(const TomlText& text) {
  const auto* const node = text.tree().get("host");
  return node == nullptr ? nullptr : node->as_array();
}

Splice write_key(const TomlText& text, const toml::table& host, std::string_view key,
                 std::string_view value) {
  constexpr std::string_view kAuto = "auto";
  if (const auto* const node = host.get(key)) {
    const Span span = text.span(*node);
    const std::size_t word = text.text().find(kAuto, span.begin);
    if (word < span.end && value.front() == '"') {
      return {{word, word + kAuto.size()}, std::string(value.substr(1, value.size() - 2))};
    }
    return {span, std::string(value)};
  }
  const KeyStyle style(text, host, "address");
  const std::size_t behind = text.span(*host.get("address")).end;
  if (host.is_inline()) return {{behind, behind}, ", " + style.entry(key, value)};
  const std::size_t end = text.line_end(behind);
  const std::string line = style.line(key, value);
  const std::string line_break(text.line_break(behind));
  if (text.text()[end - 1] == '\n') return {{end, end}, line + line_break};
  return {{end, end}, line_break + line};
}

Cut cut_host(const TomlText& text, const toml::array& hosts, std::size_t index) {
  const toml::table& host = *hosts.get(index)->as_table();
  const Span own = text.span(host);
  Cut result;
  result.first_line = text.line_number(own.begin);
  if (host.is_inline()) {
    result.last_line = text.line_number(own.end);
    result.splices = cut_entry(text, hosts, index);
    return result;
  }
  const auto pieces = pieces_of(text, host);
  result.last_line = text.line_number(pieces.back().end);
  result.comment_line = comment_above(text, text.line_begin(own.begin));
  for (const Span& piece : pieces) result.splices.push_back({whole_lines(text, piece), ""});
  return result;
}

Splice append_host(const TomlText& text, const HostLines& lines) {
  const toml::array* const hosts = host_list(text);
  KeyStyle style;
  std::size_t end = text.body_end();
  bool apart = true;  // a blank line between sections
  std::string indent;
  if (hosts != nullptr && !hosts->empty()) {
    const toml::table& last = *hosts->get(hosts->size() - 1)->as_table();
    if (last.is_inline()) return append_entry(text, *hosts, lines);
    style = KeyStyle(text, last, "address");
    end = text.line_end(pieces_of(text, last).back().end);
    const std::size_t header = text.span(last).begin;
    const std::size_t begin = text.line_begin(header);
    indent = text.text().substr(begin, header - begin);
    apart = begin == 0 || text.blank_line(text.line_begin(begin - 1)) ||
            comment_above(text, begin) != 0;
  }
  const std::string line_break(text.line_break(end == 0 ? 0 : end - 1));
  const bool ended = end == 0 || text.text()[end - 1] == '\n';
  std::string block = (ended ? "" : line_break) + (apart ? line_break : "") + indent + "[[host]]";
  for (const auto& [key, value] : lines) block += line_break + style.line(key, value);
  if (ended) block += line_break;
  return {{end, end}, block};
}

}  // namespace overland::inventory
