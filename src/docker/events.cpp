#include "docker/events.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "docker/api.h"

namespace overland::docker {
namespace {

/// {"type":["network","daemon"]}: health checks of containers alone would be thousands.
constexpr const char* kPath =
    "/events?filters=%7B%22type%22%3A%5B%22network%22%2C%22daemon%22%5D%7D";
constexpr std::chrono::milliseconds kPatience(500);
constexpr std::chrono::seconds kPause(5);
constexpr int kReadsAtOnce = 64;  // whoever floods us keeps us from nothing else

}  // namespace

DockerEvents::DockerEvents(std::filesystem::path socket) : socket_(std::move(socket)) {}

void DockerEvents::follow(bool running) {
  if (!running) stream_ = base::UniqueFd();
  if (!running || stream_.valid() || Clock::now() < not_before_) return;
  not_before_ = Clock::now() + kPause;
  try {
    stream_ = api_open(socket_, kPath, kPatience);
  } catch (const base::Error&) {
    // What of Docker could not be asked is told by every look at it.
  }
}

host::Parts DockerEvents::drain() {
  std::array<char, 16384> words;
  host::Parts parts;
  for (int reads = 0; reads < kReadsAtOnce && stream_.valid(); ++reads) {
    const ssize_t got = ::recv(stream_.get(), words.data(), words.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return parts;
    parts = host::Part::kDocker;
    if (got <= 0) stream_ = base::UniqueFd();
  }
  return parts;
}

}  // namespace overland::docker
