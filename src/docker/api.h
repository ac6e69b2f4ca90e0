#pragma once
// Docker's HTTP API on its unix socket, for reading only.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace overland::docker {

/// The body of GET `path` ("/info"). nullopt where nobody listens or no whole answer comes within
/// `patience`. Throws kInvalid where the answer is an error or larger than 16 MiB. Connecting may
/// make systemd start Docker: ask only where a dockerd runs.
std::optional<std::string> api_get(const std::filesystem::path& socket, const std::string& path,
                                   std::chrono::milliseconds patience);

}  // namespace overland::docker
