#include "firewall/untracked_table.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "firewall/nft/owned_table.h"

namespace overland::firewall {
namespace {

constexpr const char* kChain = "probe";
/// Before everybody who might look at a state: conntrack's own hook is at -200, raw at -300.
constexpr int kFirst = -450;
/// Places in the headers of IPv4 (RFC 791) and ICMP (RFC 792), bytes.
constexpr std::uint32_t kSource = 12;
constexpr std::uint32_t kDestination = 16;
constexpr std::uint32_t kIcmpId = 4;

}  // namespace

UntrackedTable::UntrackedTable(const model::Address& address, std::uint16_t icmp_id) {
  nft::OwnedTable table(nft::fresh_table_name("untracked"));
  table.base_chain(kChain, NF_INET_PRE_ROUTING, kFirst);
  for (const std::uint32_t end : {kSource, kDestination}) {
    table.begin_rule(kChain);
    table.match(NFT_PAYLOAD_NETWORK_HEADER, end, address.bytes());
    table.match_icmp();
    table.match_id(kIcmpId, icmp_id);
    table.notrack();
    table.end_rule();
  }
  table.make(socket_, "whether new flows are let in");
}

}  // namespace overland::firewall
