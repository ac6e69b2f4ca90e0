// Lists of nf_tables while others work on the same rules.

#include <gmock/gmock.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include <cerrno>
#include <set>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "firewall/nft/socket.h"
#include "netns/sandbox.h"

namespace overland::firewall::nft {
namespace {

using tests::sh;

constexpr std::size_t kChains = 2000;  // more than one datagram of the kernel's

class NftSocketTest : public tests::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped()) return;
    sh("(echo add table ip big; for i in $(seq " + std::to_string(kChains) +
       "); do echo add chain ip big c$i; done) | nft -f -");
  }

  /// Lists all chains; `meanwhile(start)` is called with the first chain of each start.
  template <typename Meanwhile>
  std::set<std::string> chains(Socket& socket, Meanwhile meanwhile) {
    std::set<std::string> names;
    int starts = 0;
    socket.dump(
        {NFT_MSG_GETCHAIN, 2, {}},
        [&] {
          names.clear();
          ++starts;
        },
        [&](std::uint8_t, Bytes chain) {
          if (names.empty()) meanwhile(starts);
          names.insert(text_of(find_attribute(chain, NFTA_CHAIN_NAME)));
        });
    return names;
  }
};

TEST_F(NftSocketTest, BeginsAgainWhereTheRulesChangeUnderneath) {
  Socket socket;
  int last = 0;
  const auto names = chains(socket, [&](int start) {
    last = start;
    if (start < 3) sh("nft add chain ip big late" + std::to_string(start));
  });
  EXPECT_EQ(last, 3);
  EXPECT_EQ(names.size(), kChains + 2);
}

TEST_F(NftSocketTest, GivesUpWhereTheyNeverStandStill) {
  Socket socket;
  try {
    chains(socket, [](int) { sh("nft add table ip x; nft delete table ip x"); });
    FAIL() << "read";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EINTR);
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailure);
  }
}

TEST_F(NftSocketTest, WhatIsNotThereIsEmpty) {
  Request rules{NFT_MSG_GETRULE, 2, {}};
  put_text(rules.attributes, NFTA_RULE_TABLE, "absent");
  Request elements{NFT_MSG_GETSETELEM, 2, {}};
  put_text(elements.attributes, NFTA_SET_ELEM_LIST_TABLE, "big");
  put_text(elements.attributes, NFTA_SET_ELEM_LIST_SET, "absent");
  for (const Request& request : {rules, elements}) {
    Socket().dump(
        request, [] {}, [](std::uint8_t, Bytes) { FAIL() << "something there"; });
  }
}

TEST_F(NftSocketTest, AsksForTheGenerationOfTheRules) {
  Socket socket;
  const std::uint32_t before = socket.generation();
  EXPECT_EQ(socket.generation(), before);
  sh("nft add chain ip big late");
  EXPECT_NE(socket.generation(), before);
}

/// Ends every list the socket of this namespace is about to ask for.
void forge_ends() {
  const std::string port =
      sh("awk '$2 == 12 && $3 != 0 { print $3 }' /proc/thread-self/net/netlink");
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_pid = static_cast<std::uint32_t>(std::stoul(port));
  const base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  for (std::uint32_t sequence = 0; sequence < 10; ++sequence) {
    const nlmsghdr end = {sizeof end, NLMSG_DONE, 0, sequence, 0};
    EXPECT_GT(::sendto(fd.get(), &end, sizeof end, 0, reinterpret_cast<const sockaddr*>(&address),
                       sizeof address),
              0);
  }
}

TEST_F(NftSocketTest, HearsOnlyTheKernel) {
  Socket socket;
  forge_ends();
  EXPECT_EQ(chains(socket, [](int) {}).size(), kChains);
}

}  // namespace
}  // namespace overland::firewall::nft
