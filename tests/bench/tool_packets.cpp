#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "base/error.h"
#include "base/unique_fd.h"
#include "bench/tool.h"

namespace overland::bench {
namespace {

sockaddr_in socket_address(const char* address) {
  sockaddr_in result = {};
  result.sin_family = AF_INET;
  result.sin_port = htons(kPort);
  if (::inet_pton(AF_INET, address, &result.sin_addr) != 1) {
    throw base::Error(base::ErrorKind::kUsage, std::string("no address: ") + address);
  }
  return result;
}

base::UniqueFd udp_socket() {
  base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) base::throw_errno("socket", errno);
  return fd;
}

}  // namespace

// Over veth the kernel carries a packet all the way to its receiver before send(2) returns, and
// accounts it to the sender (but for CONFIG_IRQ_TIME_ACCOUNTING), whatever else the machine does.
int send(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) return 64;
  const sockaddr_in peer = socket_address(arguments[0].c_str());
  const auto fd = udp_socket();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0) {
    base::throw_errno("connect", errno);
  }
  constexpr std::size_t kBatch = 32;
  std::array<char, 64> payload = {};
  iovec part = {payload.data(), payload.size()};
  std::array<mmsghdr, kBatch> messages = {};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  const std::size_t count = std::stoul(arguments[1]);
  for (std::size_t sent = 0; sent < count;) {
    const int done = ::sendmmsg(fd.get(), messages.data(), kBatch, 0);
    if (done < 0) base::throw_errno("sendmmsg", errno);
    sent += static_cast<std::size_t>(done);
  }
  timespec used = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  std::printf("%.6f\n",
              static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9);
  return 0;
}

int sink(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return 64;
  const auto fd = udp_socket();
  const sockaddr_in any = socket_address("0.0.0.0");
  // Without a socket the kernel would answer with ICMP errors; a full one is all the same to it.
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program = {1, &nothing};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) {
    base::throw_errno("sink", errno);
  }
  std::puts("ready");
  std::fflush(stdout);
  for (;;) ::pause();
}

}  // namespace overland::bench
