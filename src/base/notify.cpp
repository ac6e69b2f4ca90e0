#include "base/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/unique_fd.h"

namespace overland::base {
namespace {

std::optional<std::uint64_t> number(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

void notify(std::string_view state) noexcept {
  const char* const place = std::getenv("NOTIFY_SOCKET");
  if (place == nullptr || (*place != '/' && *place != '@')) return;
  const std::string_view path(place);
  sockaddr_un address = {};
  if (path.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract one
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), size);
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  const auto process = number("WATCHDOG_PID");
  if (process && *process != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  const auto interval = number("WATCHDOG_USEC");
  if (!interval || *interval == 0) return std::nullopt;
  return std::chrono::microseconds(*interval);
}

}  // namespace overland::base
