// Whatever others did to what is ours in nf_tables: named, and repaired by the next write.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "base/unique_fd.h"
#include "links.h"
#include "netns/firewall/nft_fixture.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::Contains;
using testing::HasSubstr;
using tests::sh;
using tests::two_host_policy;

struct Fault {
  const char* command;
  const char* defect;
};

TEST_F(NftTest, NamesAndRepairsEveryFault) {
  const Fault faults[] = {
      {"iptables-nft -F DOCKER-USER", "jump from filter DOCKER-USER"},
      {"iptables-nft -F FORWARD", "jump from filter FORWARD"},
      {"iptables-nft -I DOCKER-USER -j RETURN", "not reached in filter DOCKER-USER"},
      {"iptables-nft -I FORWARD -s 1.2.3.4 -j DROP", "not the first rule of filter FORWARD"},
      {"iptables-nft -A FORWARD -j DOCKER-USER", "not directly below the one to DOCKER-USER"},
      {"iptables-nft -I DOCKER-USER -j OVERLAND-FORWARD", "more than once"},
      {"iptables-nft -F DOCKER-USER; iptables-nft -A DOCKER-USER -s 1.1.1.1 -j OVERLAND-FORWARD",
       "has a condition"},
      {"iptables-nft -I FORWARD -j OVERLAND-FORWARD", "more than once"},
      {"iptables-nft -F FORWARD; iptables-nft -A FORWARD -j OVERLAND-FORWARD",
       "filter FORWARD jumps to OVERLAND-FORWARD"},
      {"iptables-nft -D OVERLAND-USER 1", "OVERLAND-USER of table ip filter holds other rules"},
      {"iptables-nft -A INPUT -j OVERLAND-USER", "filter INPUT jumps to OVERLAND-USER"},
      {"iptables-nft -t raw -I PREROUTING -s 1.2.3.4 -j DROP", "not the first rule of raw"},
      {"iptables-nft -F OVERLAND-FORWARD", "holds other rules than ours"},
      {"iptables-nft -I OVERLAND-FORWARD -j DROP", "holds other rules than ours"},
      {"iptables-nft -t raw -F; iptables-nft -t raw -X", "OVERLAND-RAW of table ip raw is missing"},
      {"nft delete table ip raw", "OVERLAND-RAW of table ip raw is missing"},
      {"nft delete table ip filter", "OVERLAND-FORWARD of table ip filter is missing"},
      {"nft delete table ip overland", "table ip overland is missing"},
      {"nft flush chain ip overland trusted-in", "trusted-in"},
      {"nft add rule ip overland trusted-in accept", "has a rule that is not ours"},
      {"nft add chain ip overland x", "chain x in table ip overland is not ours"},
      {"nft add set ip overland x '{ type ipv4_addr; }'", "set x in table ip overland is not ours"},
      {"nft flush chain ip overland keep-source; nft delete chain ip overland keep-source",
       "keep-source of table ip overland is missing"},
      {"nft 'delete chain ip overland keep-source; add chain ip overland keep-source { type nat "
       "hook postrouting priority 110; }'",
       "wrong hook, priority or policy"},
      {"nft 'chain ip overland trusted-in { policy drop; }'", "wrong hook, priority or policy"},
      {"nft 'add table ip overland { flags dormant; }'", "is dormant"},
      {"iptables-nft -R DOCKER-USER 1 -g OVERLAND-FORWARD", "goes to OVERLAND-FORWARD"},
      {"iptables-nft -t raw -R PREROUTING 1 -g OVERLAND-RAW", "goes to OVERLAND-RAW"},
      {"nft add map ip overland x '{ type ipv4_addr : verdict; }'", "x in table ip overland"},
      {"iptables-nft -A INPUT -j OVERLAND-FORWARD", "filter INPUT jumps to OVERLAND-FORWARD"},
      {"iptables-nft -t raw -A OUTPUT -s 1.2.3.4 -g OVERLAND-RAW",
       "raw OUTPUT jumps to OVERLAND-RAW"},
      {"nft add counter ip overland x", "x in table ip overland is not ours"},
      {"nft add quota ip overland x '{ over 10 mbytes; }'", "x in table ip overland is not ours"},
      {"nft add limit ip overland x '{ rate 10/second; }'", "x in table ip overland is not ours"},
      {"nft add ct helper ip overland x '{ type \"ftp\" protocol tcp; }'",
       "x in table ip overland is not ours"},
      {"nft 'delete chain ip overland trusted-in; add chain ip overland trusted-in { type filter "
       "hook input priority -310; }'",
       "wrong hook, priority or policy"},
      {"nft 'flush table ip overland; delete set ip overland transit; add set ip overland transit "
       "{ type ipv4_addr; flags interval, timeout; }'",
       "set transit of table ip overland has the wrong type"},
      {"nft 'flush table ip overland; delete set ip overland transit; add set ip overland transit "
       "{ type ipv4_addr; }'",
       "set transit of table ip overland has the wrong type"},
  };
  const FirewallPolicy policy = two_host_policy();
  for (const Fault& fault : faults) {
    write(policy);
    sh(fault.command);
    EXPECT_THAT(defects(policy), Contains(HasSubstr(fault.defect))) << fault.command;
    write(policy);
    SCOPED_TRACE(fault.command);
    expect_in_force(policy);
  }
}

/// Sends one message as a batch of its own; what nft 1.0.6 cannot say. Gives the socket.
template <typename Build>
base::UniqueFd send_batch(std::uint16_t type, Build build) {
  std::vector<char> room(8192);
  std::vector<char> bytes;
  const auto append = [&](const nlmsghdr& header) {
    bytes.insert(bytes.end(), room.data(), room.data() + header.nlmsg_len);
  };
  append(*::nftnl_batch_begin(room.data(), 1));
  nlmsghdr* header =
      ::nftnl_nlmsg_build_hdr(room.data(), type, NFPROTO_IPV4, NLM_F_CREATE | NLM_F_ACK, 2);
  build(header);
  append(*header);
  append(*::nftnl_batch_end(room.data(), 3));
  base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  EXPECT_GT(::send(fd.get(), bytes.data(), bytes.size(), 0), 0);
  EXPECT_GT(::recv(fd.get(), room.data(), room.size(), 0), 0);
  int error = -1;
  std::memcpy(&error, room.data() + NLMSG_HDRLEN, sizeof error);
  EXPECT_EQ(error, 0);
  return fd;
}

/// The catch-all, or one that matches once a second.
void add_odd_element(bool catch_all) {
  nftnl_set* set = ::nftnl_set_alloc();
  ::nftnl_set_set_str(set, NFTNL_SET_TABLE, "overland");
  ::nftnl_set_set_str(set, NFTNL_SET_NAME, "peer-hosts");
  nftnl_set_elem* element = ::nftnl_set_elem_alloc();
  if (catch_all) {
    ::nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_CATCHALL);
  } else {
    const std::uint32_t address = htonl(0x0a0000c9);
    ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, &address, sizeof address);
    nftnl_expr* limit = ::nftnl_expr_alloc("limit");
    ::nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, 1);
    ::nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1);
    ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_EXPR, limit, 0);
  }
  ::nftnl_set_elem_add(set, element);
  send_batch(NFT_MSG_NEWSETELEM,
             [&](nlmsghdr* header) { ::nftnl_set_elems_nlmsg_build_payload(header, set); });
  ::nftnl_set_free(set);
}

TEST_F(NftTest, NamesAndRepairsElementsWithConditions) {
  FirewallPolicy policy = two_host_policy();
  for (const bool catch_all : {false, true}) {
    write(policy);
    if (!catch_all) sh("nft delete element ip overland peer-hosts '{ 10.0.0.201 }'");
    add_odd_element(catch_all);
    EXPECT_THAT(defects(policy), Contains(HasSubstr("set peer-hosts of table ip overland has "
                                                    "elements with conditions")));
    write(policy);
    expect_in_force(policy);
  }
}

/// Makes table ip overland one that only the holder of the socket may change.
base::UniqueFd own_table() {
  nftnl_table* table = ::nftnl_table_alloc();
  ::nftnl_table_set_str(table, NFTNL_TABLE_NAME, "overland");
  ::nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  base::UniqueFd fd = send_batch(NFT_MSG_NEWTABLE, [&](nlmsghdr* header) {
    ::nftnl_table_nlmsg_build_payload(header, table);
  });
  ::nftnl_table_free(table);
  return fd;
}

TEST_F(NftTest, RemovesItsChainsWhereverTheyAreJumpedToFrom) {
  write(two_host_policy());
  sh("iptables-nft -A INPUT -j OVERLAND-FORWARD");
  firewall_.remove();
  EXPECT_EQ(sh("nft list ruleset | grep -c OVERLAND; true"), "0\n");
}

TEST_F(NftTest, NamesThatAreNotUtf8AreShownAsAscii) {
  write(two_host_policy());
  nftnl_chain* chain = ::nftnl_chain_alloc();
  ::nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, "overland");
  ::nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, "\xff\"x");
  send_batch(NFT_MSG_NEWCHAIN,
             [&](nlmsghdr* header) { ::nftnl_chain_nlmsg_build_payload(header, chain); });
  ::nftnl_chain_free(chain);
  EXPECT_THAT(defects(two_host_policy()), Contains(HasSubstr("chain \\xff\"x in table ip")));
  FirewallPolicy odd = two_host_policy();
  odd.ingress = tests::on_links({"a\xff\"", "eth0"});
  odd.masquerades = {{"b\xfe'", tests::prefixes({"10.0.0.0/24"})}};
  write(odd);
  expect_in_force(odd);
}

TEST_F(NftTest, SaysWhoOwnsATableThatNobodyElseMayChange) {
  write(two_host_policy());
  sh("nft delete table ip overland");
  const base::UniqueFd owner = own_table();
  EXPECT_THAT(defects(two_host_policy()), Contains(HasSubstr("belongs to another program")));
  try {
    write(two_host_policy());
    FAIL() << "written";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("end that program"));
  }
}

}  // namespace
}  // namespace overland::firewall::nft
