#pragma once
// The dockerd program itself, asked without starting a daemon.

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace overland::docker {

/// "28.5.2+dfsg4", from `dockerd --version`; empty where it says something else. Throws as
/// base::run() does, and kFailure where the program fails.
std::string program_version(const std::filesystem::path& program,
                            std::chrono::milliseconds patience);

/// Whether `version` has `dockerd --validate`: 23.0 and later.
bool can_validate(std::string_view version);

/// Whether `version` takes a byte order mark before daemon.json: 23.0 and later.
bool takes_byte_order_mark(std::string_view version);

/// What `dockerd --validate` has against `text` as daemon.json, in its own words with `file` for
/// the file's name; empty where it has nothing. It knows every key, but does not look at bip's
/// value. Throws as base::run() does.
std::string validation_fault(const std::filesystem::path& program, std::string_view text,
                             const std::string& file, std::chrono::milliseconds patience);

}  // namespace overland::docker
