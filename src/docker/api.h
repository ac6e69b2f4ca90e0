#pragma once
// Docker's HTTP API on its unix socket, for reading only.

#include <chrono>
#include <filesystem>
#include <string>

namespace overland::docker {

/// The body of GET `path` ("/info"). Throws where no whole answer comes within `patience`
/// (kFailure; ETIMEDOUT where that is why), where the answer is an error or larger than 16 MiB
/// (kInvalid), and where the socket, its folders or who listens there are not root's (kInvalid).
/// Connecting may make systemd start Docker: ask only where a dockerd runs.
std::string api_get(const std::filesystem::path& socket, const std::string& path,
                    std::chrono::milliseconds patience);

}  // namespace overland::docker
