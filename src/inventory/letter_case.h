#pragma once
// Lower case of ASCII letters, whatever the locale: names of hosts and keys have no others.

#include <algorithm>
#include <string>

namespace overland::inventory {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return lower(c); });
  return text;
}

}  // namespace overland::inventory
