#include "netlink/netlink_socket.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"

namespace overland::netlink {
namespace {

/// Messages a system call; more gains little.
constexpr std::size_t kBatch = 64;
/// The kernel fills at most 32 KiB a datagram (netlink_dump of net/netlink/af_netlink.c), more only
/// for one entry that needs it.
constexpr std::size_t kReceiveSize = 65536;
/// Bytes a batch may have: 64 routes of some hundred gateways each.
constexpr int kSendBuffer = 212992;
/// The kernel answers within send(2); waiting longer means that the answer is lost.
constexpr timeval kPatience = {10, 0};
// A script that calls iptables in a loop leaves gaps of a few milliseconds: one of many tries,
// spread over some time, falls into one.
constexpr std::chrono::milliseconds kDumpPatience(2000);
constexpr std::chrono::milliseconds kLongestPause(10);
constexpr int kSendTries = 50;
/// Datagrams of events: whoever floods us keeps us from nothing else.
constexpr int kTakenAtOnce = 4096;

/// Old kernels lack some of these: the dump is then unfiltered and the texts are missing.
void set_option(int fd, int option) {
  const int on = 1;
  ::setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on));
}

template <typename Each>
void each_message(std::span<std::uint8_t> bytes, Each each) {
  auto* message = reinterpret_cast<nlmsghdr*>(bytes.data());
  int left = static_cast<int>(bytes.size());
  for (; nlmsg_ok(message, left) != 0; message = nlmsg_next(message, &left)) {
    if (!each(*message)) return;
  }
}

}  // namespace

void Socket::FreeSocket::operator()(nl_sock* socket) const { nl_socket_free(socket); }

Socket::Socket(int protocol, int buffer)
    : socket_(nl_socket_alloc()), received_(new std::uint8_t[kReceiveSize]) {
  if (!socket_) base::throw_errno("cannot open a netlink socket", ENOMEM);
  if (nl_connect(socket_.get(), protocol) < 0) {
    throw refusal_error("cannot open a netlink socket", {errno, ""});
  }
  nl_socket_set_buffer_size(socket_.get(), buffer, kSendBuffer);
  const int fd = nl_socket_get_fd(socket_.get());
  // Refused without privilege: then there is what net.core.rmem_max grants.
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
  set_option(fd, NETLINK_GET_STRICT_CHK);
  set_option(fd, NETLINK_EXT_ACK);
  set_option(fd, NETLINK_CAP_ACK);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
}

void Socket::send(std::span<const std::uint8_t> bytes) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  for (int tries = 1;; ++tries) {
    if (::sendto(nl_socket_get_fd(socket_.get()), bytes.data(), bytes.size(), 0,
                 reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) >= 0) {
      return;
    }
    if (errno == EINTR) continue;
    // Short of memory for a moment: nothing of the batch was looked at yet.
    const bool passing = errno == ENOBUFS || errno == ENOMEM || errno == EAGAIN;
    if (!passing || tries == kSendTries) base::throw_errno("cannot send to the kernel", errno);
    std::this_thread::sleep_for(std::chrono::milliseconds(tries));
  }
}

std::span<std::uint8_t> Socket::receive(int flags) {
  for (;;) {
    sockaddr_nl sender = {};
    socklen_t size = sizeof(sender);
    const ssize_t got = ::recvfrom(nl_socket_get_fd(socket_.get()), received_.get(), kReceiveSize,
                                   flags | MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) return {};
    if (got < 0 && errno == EAGAIN && (flags & MSG_DONTWAIT) != 0) return {};
    if (got < 0) base::throw_errno("no answer from the kernel", errno);
    if (sender.nl_pid != 0) continue;  // another process may write to our port
    if (static_cast<std::size_t>(got) > kReceiveSize) {
      base::throw_errno("an answer of the kernel is too long", EMSGSIZE);
    }
    return {received_.get(), static_cast<std::size_t>(got)};
  }
}

void Socket::drain() {
  while (::recv(nl_socket_get_fd(socket_.get()), received_.get(), kReceiveSize, MSG_DONTWAIT) >=
             0 ||
         errno == EINTR || errno == ENOBUFS) {
  }
}

bool Socket::exchange(std::size_t first, std::size_t last, const Build& build,
                      const Answer& answer) {
  const std::uint32_t base = sequence_;
  const auto count = static_cast<std::uint32_t>(last - first);
  sequence_ += count;
  buffer_.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    build(buffer_, first + i);
    buffer_.finish(base + i, i + 1 == count ? NLM_F_ACK : 0);
  }
  send(buffer_.bytes());
  for (bool done = false; !done;) {
    const auto bytes = receive();
    if (bytes.empty()) return false;
    each_message(bytes, [&](const nlmsghdr& message) {
      const std::uint32_t index = message.nlmsg_seq - base;
      if (index >= count) return true;  // of a batch whose other answers were lost
      const bool verdict = message.nlmsg_type == NLMSG_ERROR;
      if (!verdict || read_refusal(message).error != 0) answer(first + index, message);
      done = done || (verdict && index + 1 == count);
      return true;
    });
  }
  return true;
}

void Socket::execute(std::size_t count, const Build& build, const Answer& answer) {
  for (std::size_t first = 0; first < count; first += kBatch) {
    const std::size_t last = std::min(count, first + kBatch);
    if (exchange(first, last, build, answer)) continue;
    drain();
    for (std::size_t i = first; i < last; ++i) {
      if (!exchange(i, i + 1, build, answer)) {
        base::throw_errno("answers of the kernel are lost", ENOBUFS);
      }
    }
  }
}

Refusal Socket::execute(const std::function<void(MessageBuffer&)>& build) {
  Refusal refusal;
  execute(
      1, [&](MessageBuffer& buffer, std::size_t) { build(buffer); },
      [&](std::size_t, const nlmsghdr& message) {
        if (message.nlmsg_type == NLMSG_ERROR) refusal = read_refusal(message);
      });
  return refusal;
}

void Socket::execute_whole(std::span<const std::uint8_t> messages,
                           const std::function<void(const nlmsghdr&)>& verdict) {
  const int fd = nl_socket_get_fd(socket_.get());
  // The kernel takes only a datagram that fits into this.
  const int size =
      static_cast<int>(std::min<std::size_t>(messages.size() + kReceiveSize, INT32_MAX / 2));
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0) {
    // In a user namespace there is no more than net.core.wmem_max; few messages fit.
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  }
  send(messages);
  // The kernel has done all by the time it took them, so its answers wait.
  bool answered = false;
  for (auto bytes = receive(MSG_DONTWAIT); !bytes.empty(); bytes = receive(MSG_DONTWAIT)) {
    each_message(bytes, [&](const nlmsghdr& message) {
      if (message.nlmsg_type == NLMSG_ERROR) verdict(message);
      answered = true;
      return true;
    });
  }
  if (!answered) base::throw_errno("no answer from the kernel", errno);
}

Socket::DumpEnd Socket::dump_once(const std::function<void(MessageBuffer&)>& build,
                                  const Visit& visit) {
  const std::uint32_t sequence = sequence_++;
  buffer_.clear();
  build(buffer_);
  buffer_.finish(sequence, NLM_F_DUMP);
  send(buffer_.bytes());
  bool interrupted = false;
  for (std::optional<DumpEnd> end;;) {
    const auto bytes = receive();
    if (bytes.empty()) base::throw_errno("entries of a dump are lost", ENOBUFS);
    each_message(bytes, [&](const nlmsghdr& message) {
      if (message.nlmsg_seq != sequence) return true;
      interrupted = interrupted || (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE) {
        // Both begin with the error number, and are laid out alike where there is one.
        int error = 0;
        if (message.nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
          std::memcpy(&error, nlmsg_data(const_cast<nlmsghdr*>(&message)), sizeof(error));
        }
        if (error == -EINTR) interrupted = true;
        if (error < 0 && error != -EINTR && error != -ENOENT) {
          throw refusal_error("the kernel refuses a dump", {-error, ""});
        }
        end = interrupted ? DumpEnd::kInterrupted : DumpEnd::kWhole;
      } else if (!visit(message)) {
        end = DumpEnd::kStopped;
      }
      return !end;
    });
    if (end) return *end;
  }
}

void Socket::dump(const std::function<void(MessageBuffer&)>& build,
                  const std::function<void()>& restart, const Visit& visit) {
  const auto deadline = std::chrono::steady_clock::now() + kDumpPatience;
  std::chrono::milliseconds pause(0);
  do {
    restart();
    if (dump_once(build, visit) != DumpEnd::kInterrupted) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause + std::chrono::milliseconds(1), kLongestPause);
  } while (std::chrono::steady_clock::now() < deadline);
  base::throw_errno("the kernel's tables change too fast to be read", EINTR);
}

void Socket::subscribe(int group) {
  if (::setsockopt(nl_socket_get_fd(socket_.get()), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                   sizeof(group)) != 0) {
    base::throw_errno("cannot listen to the kernel", errno);
  }
}

void Socket::unsubscribe(int group) {
  if (::setsockopt(nl_socket_get_fd(socket_.get()), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group,
                   sizeof(group)) != 0) {
    base::throw_errno("cannot stop listening to the kernel", errno);
  }
}

void Socket::filter(std::span<const sock_filter> program) {
  std::vector<sock_filter> copy(program.begin(), program.end());
  const sock_fprog whole = {static_cast<unsigned short>(copy.size()), copy.data()};
  if (::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof(whole)) != 0) {
    base::throw_errno("cannot filter what the kernel tells", errno);
  }
}

bool Socket::take(const std::function<void(const nlmsghdr&)>& visit) {
  bool whole = true;
  for (int datagrams = 0; datagrams < kTakenAtOnce; ++datagrams) {
    errno = 0;
    const auto bytes = receive(MSG_DONTWAIT);
    if (bytes.empty() && errno != ENOBUFS) return whole;
    if (bytes.empty()) whole = false;
    each_message(bytes, [&](const nlmsghdr& message) {
      visit(message);
      return true;
    });
  }
  return whole;
}

int Socket::fd() const { return nl_socket_get_fd(socket_.get()); }

bool Socket::listen(std::chrono::steady_clock::time_point until, const Visit& visit) {
  bool whole = true;
  for (bool more = true; more;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ready = {nl_socket_get_fd(socket_.get()), POLLIN, 0};
    const int found = ::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (found < 0 && errno != EINTR) base::throw_errno("cannot listen to the kernel", errno);
    if (found <= 0) {
      more = found < 0 && left.count() > 0;
      continue;
    }
    const auto bytes = receive(MSG_DONTWAIT);
    if (bytes.empty() && errno == ENOBUFS) whole = false;
    more = left.count() > 0;
    each_message(bytes, [&](const nlmsghdr& message) { return more = visit(message) && more; });
  }
  return whole;
}

}  // namespace overland::netlink
