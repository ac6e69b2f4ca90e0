#include "kernel/peer_message.h"

#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "unit/kernel/canned.h"
#include "unit/states.h"

namespace overland::tests {
namespace {

const model::Mac kMac = model::tunnel_mac(addr("10.2.0.12"));

Canned entry(int family, std::uint16_t state,
             const std::function<void(netlink::MessageBuffer&)>& more) {
  return Canned([&](netlink::MessageBuffer& buffer) {
    ndmsg header = {};
    header.ndm_family = static_cast<std::uint8_t>(family);
    header.ndm_ifindex = 7;
    header.ndm_state = state;
    buffer.begin(RTM_NEWNEIGH, 0, header);
    more(buffer);
  });
}

void put_end(netlink::MessageBuffer& buffer) {
  buffer.put_bytes(NDA_LLADDR, kMac);
  buffer.put_address(NDA_DST, addr("10.2.0.12"));
}

TEST(PeerMessage, ANeighbourThatIsWrittenIsRead) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    kernel::put_neighbour_entry(buffer, 7, addr("10.2.0.12"), kMac);
  });
  const auto read = kernel::read_neighbour_entry(canned.message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->link, 7);
  EXPECT_EQ(read->address, addr("10.2.0.12"));
  EXPECT_EQ(read->mac, kMac);
  EXPECT_TRUE(read->permanent);
  EXPECT_FALSE(kernel::read_fdb_entry(canned.message()));
}

TEST(PeerMessage, WhatTheKernelNotesItselfIsNoNeighbour) {
  constexpr std::array<std::uint16_t, 4> kStates = {NUD_NOARP, NUD_FAILED, NUD_INCOMPLETE,
                                                    NUD_NONE};
  for (const std::uint16_t state : kStates) {
    EXPECT_FALSE(kernel::read_neighbour_entry(entry(AF_INET, state, put_end).message())) << state;
  }
  const auto stale = kernel::read_neighbour_entry(entry(AF_INET, NUD_STALE, put_end).message());
  ASSERT_TRUE(stale);
  EXPECT_FALSE(stale->permanent);
}

TEST(PeerMessage, AnFdbEntryThatIsWrittenIsReadAndDeletedByWhatItHas) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    kernel::put_fdb_entry(buffer, 7, kMac, addr("10.2.0.12"));
  });
  const auto read = kernel::read_fdb_entry(canned.message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mac, kMac);
  EXPECT_EQ(read->outer, addr("10.2.0.12"));
  EXPECT_TRUE(read->plain);
  const Canned gone(
      [&](netlink::MessageBuffer& buffer) { kernel::put_delete_fdb(buffer, 7, read->attributes); });
  EXPECT_EQ(gone.message().nlmsg_type, RTM_DELNEIGH);
  EXPECT_EQ(gone.message().nlmsg_len, canned.message().nlmsg_len);
}

TEST(PeerMessage, AnFdbEntryWithAPortOrThatAgesIsNotPlain) {
  const auto plain = [](const Canned& canned) {
    return kernel::read_fdb_entry(canned.message())->plain;
  };
  EXPECT_TRUE(plain(entry(AF_BRIDGE, NUD_PERMANENT, put_end)));
  EXPECT_FALSE(plain(entry(AF_BRIDGE, NUD_REACHABLE, put_end)));
  EXPECT_FALSE(plain(entry(AF_BRIDGE, NUD_PERMANENT, [](auto& buffer) {
    put_end(buffer);
    buffer.put_u16(NDA_PORT, 99);
  })));
}

TEST(PeerMessage, TheEntryOfABridgeIsNotOfTheLink) {
  EXPECT_FALSE(kernel::read_fdb_entry(entry(AF_BRIDGE, NUD_PERMANENT, [](auto& buffer) {
                                        put_end(buffer);
                                        buffer.put_u32(NDA_MASTER, 3);
                                      }).message()));
}

TEST(PeerMessage, NothingIsReadPastTheEnd) {
  const Canned fdb = entry(AF_BRIDGE, NUD_PERMANENT, put_end);
  const Canned neighbour = entry(AF_INET, NUD_PERMANENT, put_end);
  for (std::uint32_t length = sizeof(nlmsghdr); length < fdb.message().nlmsg_len; ++length) {
    kernel::read_fdb_entry(fdb.cut(length).message());
    kernel::read_neighbour_entry(neighbour.cut(length).message());
  }
  EXPECT_FALSE(kernel::read_fdb_entry(fdb.cut(20).message()));
  EXPECT_FALSE(kernel::read_neighbour_entry(neighbour.cut(20).message()));
}

}  // namespace
}  // namespace overland::tests
