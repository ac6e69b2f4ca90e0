#include "firewall/nft_transaction.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "firewall/nft_attributes.h"
#include "firewall/nft_batch.h"

namespace overland::firewall {
namespace {

base::Error refused(int error, const std::string& what) {
  const auto kind = error == EPERM        ? base::ErrorKind::kPrivilege
                    : error == EOPNOTSUPP ? base::ErrorKind::kUnsupported
                                          : base::ErrorKind::kFailure;
  return {kind, "nf_tables: " + what + base::errno_text(error), error};
}

struct Answer {
  int error = 0;
  std::uint32_t sequence = 0;
  std::string text;  // the kernel's extended acknowledgement; often empty
};

std::string extended_text(const nlmsghdr& header, Bytes body) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return "";
  nlmsghdr original = {};
  std::memcpy(&original, body.data() + sizeof(int), sizeof original);
  const bool capped = (header.nlmsg_flags & NLM_F_CAPPED) != 0;
  const std::size_t skipped =
      sizeof(int) + (capped ? sizeof original : NLMSG_ALIGN(original.nlmsg_len));
  return skipped < body.size() ? text_of(find_attribute(body.subspan(skipped), NLMSGERR_ATTR_MSG))
                               : "";
}

base::UniqueFd open_socket(std::size_t batch) {
  base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd.valid()) base::throw_errno("cannot open a netlink socket", errno);
  // A batch is one datagram, which the kernel takes only where it fits into this.
  const int size = static_cast<int>(std::min<std::size_t>(batch + kLongestMessage, INT32_MAX / 2));
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
    // In a user namespace there is no more than net.core.wmem_max; small batches fit.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  // Texts with refusals, without the messages they refer to; older kernels know neither.
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return fd;
}

void send(int fd, Bytes bytes) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                    sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) base::throw_errno("cannot write nf_tables", errno);
}

/// The kernel has done all by the time send() returns, so its answers wait: one for each message
/// refused, and for the last one.
std::vector<Answer> receive(int fd) {
  std::vector<std::uint8_t> buffer(kLongestMessage);
  std::vector<Answer> answers;
  for (;;) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return answers;
    if (size < 0) base::throw_errno("cannot read the kernel's answer to nf_tables", errno);
    Bytes rest(buffer.data(), static_cast<std::size_t>(size));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header = {};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
      const Bytes body = rest.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
      if (header.nlmsg_type != NLMSG_ERROR || body.size() < sizeof(nlmsgerr)) continue;
      Answer answer{0, header.nlmsg_seq, extended_text(header, body)};
      std::memcpy(&answer.error, body.data(), sizeof answer.error);
      answer.error = -answer.error;
      answers.push_back(std::move(answer));
    }
  }
}

}  // namespace

void carry_out(const std::vector<NftCommand>& commands) {
  if (commands.empty()) return;
  NftBatch batch;
  for (const NftCommand& command : commands) batch.take(command);
  batch.finish();
  const base::UniqueFd fd = open_socket(batch.bytes().size());
  send(fd.get(), batch.bytes());
  const std::vector<Answer> answers = receive(fd.get());
  for (const Answer& answer : answers) {
    if (answer.error == 0) continue;
    const auto command = batch.command_of(answer.sequence);
    std::string what = command ? to_string(commands[*command]) + ": " : "";
    if (!answer.text.empty()) what += answer.text + ": ";
    throw refused(answer.error, what);
  }
  if (answers.empty()) throw refused(ENOMSG, "the kernel said nothing to a transaction: ");
}

}  // namespace overland::firewall
