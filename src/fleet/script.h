#pragma once
// What runs on a host: POSIX sh for `sh -s`, as root or by sudo without a password. What each
// command says there is a part of the answer (fleet/parts.h). A file travels within the script,
// encoded, and no word of anybody's stands in it unquoted.

#include <string>
#include <string_view>
#include <vector>

namespace overland::fleet {

/// Parts "version", "status", and where `probe` "probe".
std::string status_script(bool probe);

/// Parts "version", "plan": of `toml` in place of the file there, which stays.
std::string plan_script(std::string_view toml);

/// Whether a host would take `toml`: parts "version", "status", "sum" (what stands there now),
/// "validate", "plan". Nothing stays there.
std::string check_script(std::string_view toml);

struct Install {
  std::string_view toml;
  std::string sum;  // of the file that check_script() saw
  bool apply = false;
  std::vector<std::string> options = {};  // of apply
};

/// Puts `toml` in place, atomically, unless another stands there than `sum` says; the old one stays
/// as inventory.toml.bak. Parts "install", and where Install::apply "apply".
std::string install_script(const Install& install);

/// `bytes` as base64(1) reads them.
std::string base64(std::string_view bytes);

}  // namespace overland::fleet
