#pragma once
// What a service tells its manager: sd_notify(3), one datagram to $NOTIFY_SOCKET.

#include <chrono>
#include <optional>
#include <string_view>

namespace overland::base {

/// Sends `state` ("READY=1", "WATCHDOG=1", "STATUS=…"). Nothing where nobody wants to be told;
/// never throws and never waits.
void notify(std::string_view state) noexcept;

/// How often the manager wants to hear "WATCHDOG=1" at least; nullopt where it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace overland::base
