#pragma once
// Packets around others as the tunnel takes them, made up byte by byte, and sent by whoever is in a
// namespace of `ip netns`.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace overland::tests {

using Packet = std::vector<std::uint8_t>;

/// An echo request in IPv4 in Ethernet in VXLAN in UDP.
struct Forged {
  std::string outer;                     // source
  std::string inner;                     // source
  std::string to = "10.1.0.11";          // outer destination
  std::string within = "192.168.100.2";  // inner destination
  std::uint32_t vni = 111;
  std::uint16_t port = 4789;
  std::uint16_t kind = 0x0800;    // EtherType
  std::uint8_t version = 0x45;    // of the inner header its first byte
  std::size_t length = SIZE_MAX;  // of the UDP datagram at most, in bytes
  bool options = false;           // of the outer header: 4 bytes of them
  std::array<std::uint8_t, 6> mac = {0x02, 0x6f, 10, 1, 0, 11};  // of the tunnel's link here
};

class Forger {
 public:
  /// Of this host itself where there is no `space`.
  explicit Forger(const std::string& space = "") {
    // A socket stays in the namespace it was made in; a thread of its own enters that.
    std::thread([&] {
      if (!space.empty()) {
        const int in = ::open(("/run/netns/" + space).c_str(), O_RDONLY | O_CLOEXEC);
        if (in < 0 || ::setns(in, CLONE_NEWNET) != 0) return;
        ::close(in);
      }
      socket_ = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
      plain_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }).join();
    EXPECT_GE(socket_, 0) << "a raw socket in " << space;
    EXPECT_GE(plain_, 0);
  }
  Forger(const Forger&) = delete;
  Forger& operator=(const Forger&) = delete;
  ~Forger() {
    ::close(socket_);
    ::close(plain_);
  }

  void send(const Forged& what) const { put(what, datagram(what), 0); }
  /// In two fragments, the second of which holds all of the packet within but its beginning.
  void send_in_fragments(const Forged& what, std::size_t first = 40) const {
    const Packet all = datagram(what);
    constexpr std::uint16_t kMore = 0x2000;  // IP_MF
    const auto cut = all.begin() + static_cast<std::ptrdiff_t>(first);
    put(what, {all.begin(), cut}, kMore);
    put(what, {cut, all.end()}, static_cast<std::uint16_t>(first / 8));
  }

  /// Both at once (UDP_SEGMENT of udp(7)), as any user may; with the address of whoever sends.
  void send_at_once(const Forged& first, const Forged& second) const {
    Packet all;
    for (const Forged* one : {&first, &second}) {
      const Packet whole = datagram(*one);
      all.insert(all.end(), whole.begin() + sizeof(udphdr), whole.end());
    }
    const int size = static_cast<int>(all.size() / 2);
    EXPECT_EQ(::setsockopt(plain_, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size), 0);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(first.port);
    EXPECT_EQ(::inet_pton(AF_INET, first.to.c_str(), &to.sin_addr), 1);
    const ssize_t sent = ::sendto(plain_, all.data(), all.size(), 0,
                                  reinterpret_cast<const sockaddr*>(&to), sizeof to);
    EXPECT_EQ(sent, static_cast<ssize_t>(all.size())) << std::strerror(errno);
  }

 private:
  static void add16(Packet& to, std::size_t number) {
    to.push_back(static_cast<std::uint8_t>(number >> 8U));
    to.push_back(static_cast<std::uint8_t>(number));
  }
  static void add_address(Packet& to, const std::string& text) {
    in_addr address = {};
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &address), 1) << text;
    for (unsigned i = 0; i < 4; ++i) {
      to.push_back(static_cast<std::uint8_t>(ntohl(address.s_addr) >> (24 - 8 * i)));
    }
  }
  static void put_sum(Packet& in, std::size_t from, std::size_t at) {
    std::uint32_t sum = 0;
    for (std::size_t i = from; i + 1 < in.size(); i += 2) sum += in[i] * 256U + in[i + 1];
    while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
    in[at] = static_cast<std::uint8_t>(~sum >> 8U);
    in[at + 1] = static_cast<std::uint8_t>(~sum);
  }

  static Packet header(std::uint8_t version, std::size_t behind, std::uint16_t offset,
                       std::uint8_t protocol, const std::string& from, const std::string& to) {
    Packet result = {version, 0};
    const std::size_t size = (version & 0xfU) * 4U;
    add16(result, size + behind);
    add16(result, 4711);
    add16(result, offset);
    result.insert(result.end(), {64, protocol, 0, 0});
    add_address(result, from);
    add_address(result, to);
    result.resize(size, 1);  // no operation
    put_sum(result, 0, 10);
    return result;
  }

  static Packet datagram(const Forged& what) {
    Packet echo = {8, 0, 0, 0, 0, 1, 0, 1};
    put_sum(echo, 0, 2);
    Packet inner = header(0x45, echo.size(), 0, IPPROTO_ICMP, what.inner, what.within);
    inner[0] = what.version;
    Packet all = {0x80, 0};
    add16(all, what.port);
    add16(all, 8 + 8 + 14 + inner.size() + echo.size());
    add16(all, 0);  // no checksum
    all.insert(all.end(), {8, 0, 0, 0});
    for (const unsigned shift : {16U, 8U, 0U}) {
      all.push_back(static_cast<std::uint8_t>(what.vni >> shift));
    }
    all.push_back(0);
    all.insert(all.end(), what.mac.begin(), what.mac.end());
    all.insert(all.end(), {0x02, 0x6f, 9, 9, 9, 9});
    add16(all, what.kind);
    all.insert(all.end(), inner.begin(), inner.end());
    all.insert(all.end(), echo.begin(), echo.end());
    if (all.size() > what.length) {
      all.resize(what.length);
      all[4] = 0;
      all[5] = static_cast<std::uint8_t>(what.length);
    }
    return all;
  }

  void put(const Forged& what, const Packet& part, std::uint16_t offset) const {
    Packet packet =
        header(what.options ? 0x46 : 0x45, part.size(), offset, IPPROTO_UDP, what.outer, what.to);
    packet.insert(packet.end(), part.begin(), part.end());
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, what.to.c_str(), &to.sin_addr), 1);
    const ssize_t sent = ::sendto(socket_, packet.data(), packet.size(), 0,
                                  reinterpret_cast<const sockaddr*>(&to), sizeof to);
    // Dropped where it is sent.
    if (sent < 0 && errno == EPERM) return;
    EXPECT_EQ(sent, static_cast<ssize_t>(packet.size())) << std::strerror(errno);
  }

  int socket_ = -1;
  int plain_ = -1;
};

}  // namespace overland::tests
