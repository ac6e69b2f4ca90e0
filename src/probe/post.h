#pragma once
// Sends echoes from a stand and files what is heard of them with the evidence.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "probe/evidence.h"
#include "probe/stand.h"
#include "probe/wire.h"

namespace overland::probe {

class Post {
 public:
  /// `evidence` has its final size, and outlives this. Throws what errno says where there are no
  /// sockets.
  Post(const Stand& stand, std::vector<Evidence>& evidence);

  /// Sees from now on what of ours passes `link`; false where it cannot.
  bool watch(const std::string& link);
  /// Sees from now on by which outer source answers come through a tunnel, or to it.
  void watch_tunnel();
  /// Puts the question once more, or for the first time.
  void send(std::size_t peer, std::size_t echo);
  /// Also waits for `fd`, and calls `ready` when there is something to be read or written.
  void wait_for(int fd, short events, std::function<void()> ready);
  void forget(int fd) { others_.erase(fd); }
  /// Waits until `end` at most, and files what came.
  void listen(std::chrono::steady_clock::time_point end);

  /// The ICMP id of what shall not be tracked here.
  [[nodiscard]] std::uint16_t inbound_id() const { return inbound_id_; }

 private:
  struct Sent {
    std::uint32_t peer = 0;
    std::uint32_t echo = 0;
    Stamp at{0};
  };

  EchoSocket& socket_for(Purpose purpose);
  /// The echo a packet is about; nullptr where it is none of ours.
  Echo* find(const Heard& heard, const Sent** sent);
  void file(std::span<const std::uint8_t> packet, Stamp at);
  void file_seen(std::span<const std::uint8_t> packet, bool leaving);
  void file_packed(std::span<const std::uint8_t> packet);

  std::vector<Evidence>& evidence_;
  std::uint64_t cookie_;
  std::uint16_t id_;
  std::uint16_t inbound_id_;
  EchoSocket socket_;
  std::optional<EchoSocket> control_;
  std::map<std::string, std::unique_ptr<Capture>> captures_;
  std::unique_ptr<Capture> packed_;
  std::map<int, std::pair<short, std::function<void()>>> others_;
  std::vector<Sent> sent_;  // by number
};

}  // namespace overland::probe
