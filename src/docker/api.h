#pragma once
// Docker's HTTP API on its unix socket. All throw where the answer does not come within `patience`
// (kFailure, ETIMEDOUT) or is an error or no HTTP, and where the socket, its folders or who listens
// there are not root's (kInvalid); then nothing was asked. Connecting may make systemd start
// Docker: only where a dockerd runs.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace overland::docker {

struct ApiRequest {
  std::string path;            // "/info"; what RFC 3986 wants escaped is
  std::string method = "GET";  // or "POST", "DELETE"
  std::string body = {};       // JSON; empty: none
};

/// The body of the answer to `request`. Throws kInvalid where it is larger than 16 MiB.
std::string api_call(const std::filesystem::path& socket, const ApiRequest& request,
                     std::chrono::milliseconds patience);

/// Gives each line of an answer that goes on (GET "/events") to `take` as it comes, without its
/// end, until `take` says false or Docker ends it; `patience` is for the whole. Throws kInvalid
/// where a line is longer than 1 MiB.
void api_follow(const std::filesystem::path& socket, const std::string& path,
                std::chrono::milliseconds patience,
                const std::function<bool(std::string_view line)>& take);

/// Asks for an answer that goes on, and leaves reading it to the caller: the descriptor does not
/// block, and its first bytes are the answer's header.
base::UniqueFd api_open(const std::filesystem::path& socket, const std::string& path,
                        std::chrono::milliseconds patience);

/// Whether anybody listens there, or it cannot be told. Never throws.
bool api_listens(const std::filesystem::path& socket);

}  // namespace overland::docker
