#pragma once
// One conversation with the kernel over netlink(7), through libnl's socket. Made for one
// operation and thrown away with it: nothing that was left unread can be mistaken for a later
// answer. For the adapters: it shows kernel types.

#include <linux/filter.h>
#include <linux/netlink.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "netlink/netlink_message.h"

struct nl_sock;

namespace overland::netlink {

class Socket {
 public:
  /// `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. `buffer`: bytes the kernel may queue for us; the
  /// default is what it grants without privilege, and holds the answers to a batch even when each
  /// is a refusal with a text; more needs CAP_NET_ADMIN. Throws what errno says where the kernel
  /// gives no socket: kUnsupported where it lacks the protocol.
  explicit Socket(int protocol = NETLINK_ROUTE, int buffer = 212992);

  /// Writes message `index` into the buffer (begin and attributes; no sequence number).
  using Build = std::function<void(MessageBuffer&, std::size_t index)>;
  /// Gets what the kernel answered to message `index`: data, or a refusal (NLMSG_ERROR).
  using Answer = std::function<void(std::size_t index, const nlmsghdr&)>;
  /// Has the kernel carry out messages 0 … count - 1 in this order, many a system call; refused
  /// ones do not stop the others. Where the kernel ran out of room for its answers, messages are
  /// sent twice: they must bear that. Throws only where the conversation itself fails.
  void execute(std::size_t count, const Build& build, const Answer& answer);

  /// One message, acknowledged; gives the refusal, error 0 where there was none.
  Refusal execute(const std::function<void(MessageBuffer&)>& build);

  /// Has the kernel take `messages`, made elsewhere with their own sequence numbers, in one system
  /// call however many they are: nfnetlink's transactions. `verdict` gets each refusal, and each
  /// acknowledgement that was asked for: one at least has to be.
  void execute_whole(std::span<const std::uint8_t> messages,
                     const std::function<void(const nlmsghdr&)>& verdict);

  /// Gets each entry of a dump; false ends it early, and this socket with it.
  using Visit = std::function<bool(const nlmsghdr&)>;
  /// Runs the dump `build` asks for. `restart` is called before each try: what the kernel calls
  /// interrupted (NLM_F_DUMP_INTR: the table changed underneath) is begun again, for two seconds.
  /// What is not there (ENOENT: no such table, no such set) has no entries. Throws where the kernel
  /// refuses.
  void dump(const std::function<void(MessageBuffer&)>& build, const std::function<void()>& restart,
            const Visit& visit);

  /// From now on this socket, which asks nothing then, is told what the kernel tells `group`
  /// (NFNLGRP_…, RTNLGRP_…).
  void subscribe(int group);
  /// No more; what waits already still comes.
  void unsubscribe(int group);
  /// Gets each message of that until `until`, or until `visit` gives false. False where some were
  /// lost for want of room.
  bool listen(std::chrono::steady_clock::time_point until, const Visit& visit);
  /// Of those groups only what `program` passes (SO_ATTACH_FILTER: it sees the message from its
  /// nlmsghdr on) is queued from now on; it takes the place of an earlier one. Throws what errno
  /// says.
  void filter(std::span<const sock_filter> program);
  /// Gets each message that waits, a few thousand at most, without waiting. False where some were
  /// lost for want of room.
  bool take(const std::function<void(const nlmsghdr&)>& visit);
  /// Readable where something waits.
  [[nodiscard]] int fd() const;

 private:
  enum class DumpEnd { kWhole, kStopped, kInterrupted };
  bool exchange(std::size_t first, std::size_t last, const Build& build, const Answer& answer);
  DumpEnd dump_once(const std::function<void(MessageBuffer&)>& build, const Visit& visit);
  void send(std::span<const std::uint8_t> bytes);
  /// The next datagram of the kernel; empty where answers were lost (ENOBUFS) or, with
  /// MSG_DONTWAIT, none is left (EAGAIN).
  std::span<std::uint8_t> receive(int flags = 0);
  /// Throws away what is queued: until then the kernel drops every further answer.
  void drain();

  struct FreeSocket {
    void operator()(nl_sock* socket) const;
  };
  std::unique_ptr<nl_sock, FreeSocket> socket_;
  std::unique_ptr<std::uint8_t[]> received_;
  MessageBuffer buffer_;
  std::uint32_t sequence_ = 1;
};

}  // namespace overland::netlink
