#include "netlink/netlink_socket.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <set>

#include "kernel/route_message.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using netlink::MessageBuffer;
using netlink::Socket;
using Netlink = KernelSandbox;

/// Sends `count` routes through an unknown gateway; gives the indexes refused for it.
std::set<std::size_t> refused(netlink::Socket& socket, std::size_t count) {
  std::set<std::size_t> indexes;
  socket.execute(
      count,
      [](netlink::MessageBuffer& buffer, std::size_t i) {
        const auto third = std::to_string(i % 256);
        kernel::LinkNames links;
        kernel::put_new_route(buffer, route("10.1." + third + ".0/24", {"172.31.0.1"}),
                              NLM_F_CREATE, links);
      },
      [&](std::size_t i, const nlmsghdr& message) {
        if (netlink::read_refusal(message).error == ENETUNREACH) indexes.insert(i);
      });
  return indexes;
}

TEST_F(Netlink, LosesNoRefusalOfAFullBatch) {
  netlink::Socket socket;
  EXPECT_EQ(refused(socket, 200).size(), 200U);
}

TEST_F(Netlink, SendsAgainOneByOneWhereAnswersWereLost) {
  netlink::Socket socket(NETLINK_ROUTE,
                         1);  // the kernel makes it its minimum: room for a few answers
  EXPECT_EQ(refused(socket, 200).size(), 200U);
  EXPECT_EQ(refused(socket, 1).size(), 1U);
}

TEST_F(Netlink, ADumpTheKernelRefusesIsAnError) {
  try {
    netlink::Socket().dump(
        [](netlink::MessageBuffer& buffer) {
          rtmsg header = {};
          header.rtm_family = AF_INET;
          header.rtm_dst_len = 8;  // strict checking knows no such filter
          buffer.begin(RTM_GETROUTE, 0, header);
        },
        [] {}, [](const nlmsghdr&) { return true; });
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EINVAL);
  }
}

TEST_F(Netlink, SaysWhereTheKernelSaysNothing) {
  const nlmsghdr unasked = {sizeof unasked, NLMSG_NOOP, NLM_F_REQUEST, 1, 0};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&unasked);
  EXPECT_THROW(
      netlink::Socket().execute_whole({bytes, sizeof unasked}, [](const nlmsghdr&) { FAIL(); }),
      base::Error);
}

}  // namespace
}  // namespace overland::tests
