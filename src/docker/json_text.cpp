#include "docker/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace overland::docker {
namespace {

constexpr std::size_t kDepthLimit = 512;
constexpr std::string_view kSpace = " \t\r\n";  // RFC 8259, section 2

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// The length of the UTF-8 sequence at `at`, 0 where there is none: RFC 3629, section 4.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF && tail(1)) return 2;
  if (first >= 0xE0 && first <= 0xEF && tail(1) && tail(2)) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_high = first == 0xF4 && second > 0x8F;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  JsonObject document() {
    check_encoding();
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    skip_space();
    if (peek() != '{') fail_at(at_, "dockerd wants one JSON object here, starting with '{'");
    JsonObject object = members();
    skip_space();
    if (at_ != text_.size()) fail_at(at_, "something follows the closing '}'" + comment_hint());
    return object;
  }

 private:
  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const {
    throw base::Error(base::ErrorKind::kInvalid, position(text_, at, file_) + ": " + what);
  }

  /// NUL at the end, which no JSON text holds elsewhere outside of a string.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  [[nodiscard]] std::string comment_hint() const {
    const bool comment =
        peek() == '#' || text_.substr(at_).starts_with("//") || text_.substr(at_).starts_with("/*");
    return comment ? ": dockerd refuses comments" : "";
  }

  [[nodiscard]] std::string found() const {
    if (at_ >= text_.size()) return "the end of the file";
    const auto byte = static_cast<unsigned char>(peek());
    if (byte < 0x20) return "a line break or control character";
    return "'" + std::string(text_.substr(at_, utf8_length(text_, at_))) + "'" + comment_hint();
  }

  void check_encoding() const {
    if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) {
      fail_at(0, "this is UTF-16; save it as UTF-8");
    }
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t length = utf8_length(text_, at);
      if (length == 0) fail_at(at, "this is not UTF-8");
      at += length;
    }
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }

  void expect(char wanted, const std::string& where) {
    if (peek() != wanted) {
      fail_at(at_, "expected '" + std::string(1, wanted) + "' " + where + ", found " + found());
    }
    ++at_;
  }

  Span string(const std::string& role) {
    const std::size_t begin = at_;
    if (peek() != '"') fail_at(at_, "expected " + role + " in double quotes, found " + found());
    for (++at_; peek() != '"'; ++at_) {
      if (at_ >= text_.size()) fail_at(begin, "this string has no closing quote");
      if (static_cast<unsigned char>(peek()) < 0x20) {
        fail_at(at_, "a line break or control character stands inside a string");
      }
      if (peek() == '\\') escape();
    }
    ++at_;
    return {begin, at_};
  }

  /// Ends on the last character of the escape.
  void escape() {
    const std::size_t begin = at_++;
    if (at_ < text_.size() && std::string_view("\"\\/bfnrt").find(peek()) != std::string_view::npos)
      return;
    bool valid = peek() == 'u';
    for (int digit = 0; valid && digit < 4; ++digit) {
      ++at_;
      valid = is_hex(peek());
    }
    if (!valid) fail_at(begin, "this is no escape JSON knows");
  }

  bool digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ > begin;
  }

  void number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    bool valid = false;
    if (peek() == '0') {
      ++at_;
      valid = !is_digit(peek());
    } else {
      valid = digits();
    }
    if (valid && peek() == '.') {
      ++at_;
      valid = digits();
    }
    if (valid && (peek() == 'e' || peek() == 'E')) {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      valid = digits();
    }
    if (!valid) fail_at(begin, "this is no number JSON knows");
  }

  void scalar() {
    if (peek() == '"') {
      string("a value");
      return;
    }
    if (peek() == '-' || is_digit(peek())) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return;
    }
    fail_at(at_, "expected a value, found " + found());
  }

  /// A key and its colon; ends where the value starts.
  Span member_name() {
    const Span key = string("a key");
    skip_space();
    expect(':', "after the key");
    skip_space();
    return key;
  }

  /// The comma between two items; ends where the next one starts.
  void comma(char closing) {
    const std::size_t begin = at_;
    expect(',', "or '" + std::string(1, closing) + "' after a value");
    skip_space();
    if (peek() == closing) fail_at(begin, "dockerd refuses a comma before the closing bracket");
  }

  Span value() {
    const std::size_t begin = at_;
    std::string open;  // the closing brackets that are due, innermost last: no recursion
    do {
      const char c = peek();
      if (c != '{' && c != '[') {
        scalar();
      } else {
        if (open.size() >= kDepthLimit) fail_at(at_, "nested deeper than 512 levels");
        open.push_back(c == '{' ? '}' : ']');
        ++at_;
        skip_space();
        if (peek() != open.back()) {
          if (c == '{') member_name();
          continue;
        }
        ++at_;
        open.pop_back();
      }
      while (!open.empty()) {
        skip_space();
        if (peek() != open.back()) {
          comma(open.back());
          if (open.back() == '}') member_name();
          break;
        }
        ++at_;
        open.pop_back();
      }
    } while (!open.empty());
    return {begin, at_};
  }

  JsonObject members() {
    JsonObject object;
    object.braces.begin = at_++;
    std::set<std::string> names;
    for (skip_space(); peek() != '}'; skip_space()) {
      if (!object.members.empty()) comma('}');
      JsonMember member;
      member.key = member_name();
      member.name = resolve(member.key);
      if (!names.insert(member.name).second) {
        fail_at(member.key.begin, "\"" + member.name + "\" stands here a second time");
      }
      member.value = value();
      object.members.push_back(std::move(member));
    }
    object.braces.end = ++at_;
    return object;
  }

  /// The key without quotes and escapes; as it stands where an escape is half of a surrogate pair.
  [[nodiscard]] std::string resolve(Span key) const {
    const auto name = nlohmann::json::parse(key.of(text_), nullptr, false);
    return name.is_string() ? name.get<std::string>() : std::string(key.of(text_));
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
};

}  // namespace

const JsonMember* JsonObject::find(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &JsonMember::name);
  return found == members.end() ? nullptr : &*found;
}

bool is_blank(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text.find_first_not_of(kSpace) == std::string_view::npos;
}

JsonObject scan_object(std::string_view text, const std::string& file) {
  return Scanner(text, file).document();
}

std::string position(std::string_view text, std::size_t at, const std::string& file) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column = 1 + std::ranges::count_if(before.substr(line_begin), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
                      });
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace overland::docker
