#pragma once
// What Docker tells of its networks and of itself while it runs. Its words are not read, only that
// there are some: whatever happened, it is looked at.

#include <chrono>
#include <filesystem>

#include "base/unique_fd.h"
#include "host/events.h"

namespace overland::docker {

class DockerEvents : public host::Events {
 public:
  explicit DockerEvents(std::filesystem::path socket = "/var/run/docker.sock");

  /// Listens, where it does not yet, while a dockerd runs: else connecting might start it. What
  /// keeps it from that is tried again after a while.
  void follow(bool running);

  [[nodiscard]] int fd() const override { return stream_.get(); }
  /// Also where Docker has ended it: the stream, or itself.
  host::Parts drain() override;

 private:
  using Clock = std::chrono::steady_clock;

  std::filesystem::path socket_;
  base::UniqueFd stream_;
  Clock::time_point not_before_;
};

}  // namespace overland::docker
