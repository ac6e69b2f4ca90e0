#include "probe/wire.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "model/link.h"

namespace overland::probe {
namespace {

/// Bytes the kernel may queue for us: thousands of answers come in milliseconds.
constexpr int kQueue = 8 << 20;
constexpr std::size_t kLongestPacket = 65536;
/// Of linux/icmp.h, which cannot be included beside net/if.h: a bit for each type to be left out.
constexpr int kIcmpFilter = 1;

base::UniqueFd open_socket(int family, int type, int protocol) {
  base::UniqueFd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd.valid()) base::throw_errno("cannot make a socket for packets", errno);
  return fd;
}

template <typename Value>
void set(const base::UniqueFd& fd, int level, int option, const Value& value) {
  if (::setsockopt(fd.get(), level, option, &value, sizeof(value)) != 0) {
    base::throw_errno("cannot set up a socket for packets", errno);
  }
}

/// Whoever fills a queue as fast as it is emptied keeps nobody from looking at the clock.
constexpr int kMostAtOnce = 4096;

void enlarge(const base::UniqueFd& fd) {
  // Needs CAP_NET_ADMIN over the machine; within a container's limits the default has to do.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kQueue, sizeof(kQueue));
}

sockaddr_in internet(const model::Address& address) {
  sockaddr_in result = {};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(address.ipv4());
  return result;
}

void bind_to(const base::UniqueFd& fd, int link, std::uint16_t protocol) {
  sockaddr_ll place = {};
  place.sll_family = AF_PACKET;
  place.sll_protocol = htons(protocol);
  place.sll_ifindex = link;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place), sizeof(place)) != 0) {
    base::throw_errno("cannot listen on a link", errno);
  }
}

std::vector<std::uint8_t>& scratch() {
  thread_local std::vector<std::uint8_t> bytes(kLongestPacket);
  return bytes;
}

}  // namespace

Stamp now() {
  timespec time = {};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

EchoSocket::EchoSocket(const model::Address& source)
    : fd_(open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)) {
  enlarge(fd_);
  constexpr std::uint32_t kOthers = ~(1U << kEchoReply | 1U << kUnreachable | 1U << kTimeExceeded);
  set(fd_, SOL_RAW, kIcmpFilter, kOthers);
  set(fd_, IPPROTO_IP, IP_MTU_DISCOVER, int{IP_PMTUDISC_PROBE});
  set(fd_, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  const sockaddr_in own = internet(source);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
    base::throw_errno("cannot send from " + source.to_string(), errno);
  }
}

int EchoSocket::send(const model::Address& to, std::span<const std::uint8_t> message,
                     std::uint8_t ttl) {
  const int hops = ttl;
  ::setsockopt(fd_.get(), IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
  const sockaddr_in target = internet(to);
  const auto sent = ::sendto(fd_.get(), message.data(), message.size(), MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  return sent < 0 ? errno : 0;
}

void EchoSocket::receive(const std::function<void(std::span<const std::uint8_t>, Stamp)>& take) {
  auto& bytes = scratch();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control = {};
  for (int taken = 0; taken < kMostAtOnce; ++taken) {
    iovec piece = {bytes.data(), bytes.size()};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;  // nothing waits; errors of single packets come as ICMP, too
    Stamp stamp = now();
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
      if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec time = {};
      std::memcpy(&time, CMSG_DATA(one), sizeof(time));
      stamp = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
    take({bytes.data(), static_cast<std::size_t>(got)}, stamp);
  }
}

namespace {

int index_of(const std::string& link) {
  const unsigned index = ::if_nametoindex(link.c_str());
  if (index == 0) base::throw_errno("cannot listen on " + link, errno);
  return static_cast<int>(index);
}

/// For packets that have the value there.
struct Place {
  std::uint16_t width;  // BPF_B, BPF_W
  std::uint32_t at;
  std::uint32_t value;
};

}  // namespace

Capture::Capture(const std::string& link, std::uint64_t cookie)
    : Capture(index_of(link), cookie, 0) {}

Capture::Capture(std::uint64_t cookie) : Capture(0, cookie, model::kVxlanOverhead) {}

Capture::Capture(int link, std::uint64_t cookie, std::uint32_t around)
    : fd_(open_socket(AF_PACKET, SOCK_DGRAM, 0)) {
  enlarge(fd_);
  // An IPv4 header without options, ICMP, the first half of the cookie.
  std::vector<Place> places = {
      {BPF_B, around, 0x45},
      {BPF_B, around + 9, IPPROTO_ICMP},
      {BPF_W, around + kCookiePlace, static_cast<std::uint32_t>(cookie >> 32U)}};
  if (around != 0) places.insert(places.begin(), {{BPF_B, 0, 0x45}, {BPF_B, 9, IPPROTO_UDP}});
  std::vector<sock_filter> program;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto [width, at, value] = places[i];
    const auto rest = static_cast<std::uint8_t>(2 * (places.size() - i) - 1);
    program.push_back(BPF_STMT(static_cast<std::uint16_t>(BPF_LD | width | BPF_ABS), at));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, rest));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, kLongestPacket));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  set(fd_, SOL_SOCKET, SO_ATTACH_FILTER,
      sock_fprog{static_cast<std::uint16_t>(program.size()), program.data()});
  bind_to(fd_, link, ETH_P_ALL);
}

void Capture::receive(const std::function<void(std::span<const std::uint8_t>, bool)>& take) {
  auto& bytes = scratch();
  for (int taken = 0; taken < kMostAtOnce; ++taken) {
    sockaddr_ll from = {};
    socklen_t size = sizeof(from);
    const ssize_t got = ::recvfrom(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    take({bytes.data(), static_cast<std::size_t>(got)}, from.sll_pkttype == PACKET_OUTGOING);
  }
}

ArpSocket::ArpSocket(int link, const Mac& mac)
    : fd_(open_socket(AF_PACKET, SOCK_DGRAM, 0)), link_(link), mac_(mac) {
  enlarge(fd_);
  bind_to(fd_, link, ETH_P_ARP);
}

void ArpSocket::ask(const model::Address& target, const model::Address& sender) {
  sockaddr_ll all = {};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(ETH_P_ARP);
  all.sll_ifindex = link_;
  all.sll_halen = static_cast<unsigned char>(mac_.size());
  std::fill_n(&all.sll_addr[0], mac_.size(), std::uint8_t{0xff});
  const auto question = arp_question(mac_, sender, target);
  // What a link that is down does not take is a question without an answer.
  ::sendto(fd_.get(), question.data(), question.size(), MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&all), sizeof(all));
}

void ArpSocket::receive(const std::function<void(const model::Address&)>& take) {
  std::array<std::uint8_t, 64> bytes = {};
  for (int taken = 0; taken < kMostAtOnce; ++taken) {
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    const auto who = read_arp({bytes.data(), static_cast<std::size_t>(got)});
    if (who) take(*who);
  }
}

}  // namespace overland::probe
