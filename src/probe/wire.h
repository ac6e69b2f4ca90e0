#pragma once
// The sockets of a probe. They never wait: whoever has them polls, and gets at most 4096 packets at
// once. All throw what errno says.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "model/address.h"
#include "probe/packet.h"

namespace overland::probe {

/// Of the clock by which the kernel stamps packets: CLOCK_REALTIME.
using Stamp = std::chrono::nanoseconds;
Stamp now();

/// Sends echoes from one address of the network namespace it was made in, and hears what is
/// answered to that address.
class EchoSocket {
 public:
  explicit EchoSocket(const model::Address& source);

  /// `message` without an IP header; it is never fragmented. Gives an errno, 0 where it was sent.
  int send(const model::Address& to, std::span<const std::uint8_t> message, std::uint8_t ttl);
  /// Gives each packet that waits to `take`, from its IP header on.
  void receive(const std::function<void(std::span<const std::uint8_t>, Stamp)>& take);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  base::UniqueFd fd_;
};

/// Hears the echoes with one cookie that pass a link of this network namespace: those that leave
/// behind, those that come before all rules.
class Capture {
 public:
  Capture(const std::string& link, std::uint64_t cookie);
  /// Hears those that a tunnel has packed (model::kVxlanOverhead), on any link.
  explicit Capture(std::uint64_t cookie);

  void receive(const std::function<void(std::span<const std::uint8_t>, bool leaving)>& take);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Capture(int link, std::uint64_t cookie, std::uint32_t around);

  base::UniqueFd fd_;
};

/// Asks a link of this network namespace who has an address; no neighbour table is touched here.
class ArpSocket {
 public:
  ArpSocket(int link, const Mac& mac);

  void ask(const model::Address& target, const model::Address& sender);
  void receive(const std::function<void(const model::Address&)>& take);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  base::UniqueFd fd_;
  int link_;
  Mac mac_;
};

}  // namespace overland::probe
