#include "fleet/parts.h"

#include <charconv>

namespace overland::fleet {
namespace {

constexpr std::string_view kBegin = "@begin ";
constexpr std::string_view kEnd = "@end ";
constexpr int kHighest = 255;  // exit status

std::optional<int> status_of(std::string_view digits) {
  int status = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole || status < 0 || status > kHighest) return std::nullopt;
  return status;
}

}  // namespace

Parts parts_of(std::string_view answer) {
  Parts parts;
  std::string name;
  std::size_t begin = 0;  // of the open part's text
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t end = std::min(answer.find('\n', at), answer.size());
    const std::string_view line = answer.substr(at, end - at);
    if (name.empty() && line.starts_with(kBegin)) {
      name = line.substr(kBegin.size());
      begin = std::min(end + 1, answer.size());
    } else if (!name.empty() && line.starts_with(kEnd)) {
      parts.try_emplace(
          name, Part{answer.substr(begin, at - begin), status_of(line.substr(kEnd.size()))});
      name.clear();
    }
    at = end + 1;
  }
  if (!name.empty()) parts.try_emplace(name, Part{answer.substr(begin), std::nullopt});
  return parts;
}

}  // namespace overland::fleet
