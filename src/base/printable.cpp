#include "base/printable.h"

#include <algorithm>

namespace overland::base {
namespace {

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

std::string printable(std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0x20 && byte < 0x7f; });
  if (plain) return std::string(text);  // of a large cluster there are many
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

}  // namespace overland::base
