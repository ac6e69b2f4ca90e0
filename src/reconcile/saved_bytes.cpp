#include "reconcile/saved_bytes.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"

namespace overland::reconcile {
namespace {

constexpr std::string_view kHex = "hex:";

bool is_utf8(const std::string& bytes) {
  try {
    return !nlohmann::json(bytes).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

std::string text_of(const std::string& bytes) {
  if (is_utf8(bytes) && !bytes.starts_with(kHex)) return bytes;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(kHex);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 0xfU];
  }
  return text;
}

std::string bytes_of(const std::string& text) {
  if (!text.starts_with(kHex)) return text;
  std::string bytes;
  for (std::size_t i = kHex.size(); i < text.size(); i += 2) {
    const std::string two = text.substr(i, 2);
    if (two.size() != 2 || two.find_first_not_of("0123456789abcdef") != std::string::npos) {
      throw base::Error(base::ErrorKind::kInvalid, "bytes that are none");
    }
    bytes += static_cast<char>(std::stoi(two, nullptr, 16));
  }
  return bytes;
}

}  // namespace overland::reconcile
