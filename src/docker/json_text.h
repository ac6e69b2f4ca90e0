#pragma once
// Where the members of a JSON object stand in its text, so that one of them can be changed and
// every other byte kept. Accepts exactly RFC 8259 in UTF-8, which is what dockerd's decoder takes,
// with two limits of its own: at most 512 levels deep, and no top-level key twice (dockerd silently
// takes the last one, so nobody can tell which was meant).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace overland::docker {

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view of(std::string_view text) const {
    return text.substr(begin, end - begin);
  }
};

struct JsonMember {
  std::string name;  // escapes resolved
  Span key;          // with its quotes
  Span value;
};

struct JsonObject {
  Span braces;  // from '{' to just past '}'
  std::vector<JsonMember> members;

  /// nullptr where there is no such member.
  [[nodiscard]] const JsonMember* find(std::string_view name) const;
};

/// The byte order mark some editors put before UTF-8; skipped where a text starts with it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Nothing but white space, or nothing at all: dockerd 23.0 and later take it for an empty object.
bool is_blank(std::string_view text);

/// The members of the object `text` is. Throws kInvalid, "file:line:column: what is wrong", where
/// it is anything else; columns count characters from 1.
JsonObject scan_object(std::string_view text, const std::string& file);

/// "file:line:column" of byte `at`.
std::string position(std::string_view text, std::size_t at, const std::string& file);

}  // namespace overland::docker
