#include "firewall/nft_socket.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace overland::firewall {
namespace {

constexpr std::size_t kReceiveBuffer = 65536;  // the kernel's dumps use at most 32 KiB a message
// A script that calls iptables in a loop leaves gaps of a few milliseconds: one of many tries,
// spread over some time, falls into one.
constexpr std::chrono::milliseconds kPatience(2000);
constexpr std::chrono::milliseconds kLongestPause(10);

using Visit = std::function<void(std::uint8_t family, Bytes attributes)>;

[[noreturn]] void fail(int error) {
  // nfnetlink answers EINVAL for a subsystem that is not there.
  if (error == EINVAL || error == EPROTONOSUPPORT || error == EOPNOTSUPP) {
    throw base::Error(base::ErrorKind::kUnsupported, "this kernel has no nf_tables", error);
  }
  base::throw_errno("cannot read the nf_tables rules", error);
}

void send(int fd, const NftRequest& request, std::uint16_t flags, std::uint32_t sequence) {
  nlmsghdr header = {};
  nfgenmsg general = {};
  const std::size_t fixed = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof general);
  header.nlmsg_len = static_cast<std::uint32_t>(fixed + request.attributes.size());
  header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | request.message);
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  general.nfgen_family = request.family;
  general.version = NFNETLINK_V0;
  std::vector<std::uint8_t> message(fixed, 0);
  std::memcpy(message.data(), &header, sizeof header);
  std::memcpy(&message[NLMSG_HDRLEN], &general, sizeof general);
  message.insert(message.end(), request.attributes.begin(), request.attributes.end());
  if (::send(fd, message.data(), message.size(), 0) < 0) fail(errno);
}

/// One answer, to its end. ENOENT (no such table or set) is an empty one. False where the rules
/// changed under the dump, so that it may lack or repeat some.
bool receive(int fd, std::uint32_t sequence, const Visit& visit) {
  std::vector<std::uint8_t> buffer(kReceiveBuffer);
  bool consistent = true;
  for (;;) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(errno);
    if (static_cast<std::size_t>(size) > buffer.size()) fail(EMSGSIZE);
    Bytes rest(buffer.data(), static_cast<std::size_t>(size));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header = {};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) fail(EBADMSG);
      const Bytes body = rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
      if (header.nlmsg_seq != sequence) continue;  // of a dump given up before
      if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        if (body.size() >= sizeof error) std::memcpy(&error, body.data(), sizeof error);
        if (error == -EINTR) return false;
        if (error != 0 && error != -ENOENT) fail(-error);
        return consistent;
      }
      if (body.size() < sizeof(nfgenmsg)) fail(EBADMSG);
      visit(body[0], body.subspan(NLMSG_ALIGN(sizeof(nfgenmsg))));
    }
  }
}

}  // namespace

NftSocket::NftSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)) {
  if (!fd_.valid()) fail(errno);
}

void NftSocket::dump(const NftRequest& request, const std::function<void()>& start,
                     const Visit& visit) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::chrono::milliseconds pause(0);
  do {
    start();
    ++sequence_;
    send(fd_.get(), request, NLM_F_REQUEST | NLM_F_DUMP, sequence_);
    if (receive(fd_.get(), sequence_, visit)) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause + std::chrono::milliseconds(1), kLongestPause);
  } while (std::chrono::steady_clock::now() < deadline);
  throw base::Error(base::ErrorKind::kFailure,
                    "the nf_tables rules change too fast to be read; try again", EINTR);
}

std::uint32_t NftSocket::generation() {
  std::uint32_t result = 0;
  ++sequence_;
  send(fd_.get(), {NFT_MSG_GETGEN, AF_UNSPEC, {}}, NLM_F_REQUEST | NLM_F_ACK, sequence_);
  receive(fd_.get(), sequence_, [&](std::uint8_t, Bytes attributes) {
    result = number32_of(find_attribute(attributes, NFTA_GEN_ID));
  });
  return result;
}

}  // namespace overland::firewall
