#include "firewall/nft/owned_table.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <random>
#include <sstream>
#include <utility>

#include "base/error.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint32_t kTableSequence = 1;

}  // namespace

std::string fresh_table_name(const std::string& purpose) {
  std::ostringstream name;
  name << "overland-" << purpose << "-" << std::hex << std::random_device()();
  return name.str();
}

OwnedTable::OwnedTable(std::string name) : name_(std::move(name)) {
  begin_batch(NFNL_MSG_BATCH_BEGIN);
  begin(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  buffer_.put_string(NFTA_TABLE_NAME, name_);
  buffer_.put_u32(NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
  buffer_.finish(kTableSequence);
}

void OwnedTable::base_chain(const std::string& name, int hook, int priority) {
  begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  buffer_.put_string(NFTA_CHAIN_TABLE, name_);
  buffer_.put_string(NFTA_CHAIN_NAME, name);
  buffer_.put_string(NFTA_CHAIN_TYPE, "filter");
  const std::size_t place = buffer_.open(NFTA_CHAIN_HOOK);
  buffer_.put_u32(NFTA_HOOK_HOOKNUM, htonl(static_cast<std::uint32_t>(hook)));
  buffer_.put_u32(NFTA_HOOK_PRIORITY, htonl(static_cast<std::uint32_t>(priority)));
  buffer_.close(place);
  buffer_.put_u32(NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
  buffer_.finish(++sequence_);
}

void OwnedTable::chain(const std::string& name) {
  begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  buffer_.put_string(NFTA_CHAIN_TABLE, name_);
  buffer_.put_string(NFTA_CHAIN_NAME, name);
  buffer_.finish(++sequence_);
}

void OwnedTable::begin_rule(const std::string& chain) {
  begin(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  buffer_.put_string(NFTA_RULE_TABLE, name_);
  buffer_.put_string(NFTA_RULE_CHAIN, chain);
  expressions_ = buffer_.open(NFTA_RULE_EXPRESSIONS);
}

void OwnedTable::end_rule() {
  buffer_.close(expressions_);
  buffer_.finish(++sequence_);
}

void OwnedTable::match_icmp() {
  const std::size_t meta = begin_expression("meta");
  buffer_.put_u32(NFTA_META_DREG, htonl(NFT_REG_1));
  buffer_.put_u32(NFTA_META_KEY, htonl(NFT_META_L4PROTO));
  end_expression(meta);
  compare(std::array<std::uint8_t, 1>{IPPROTO_ICMP});
}

void OwnedTable::match(std::uint32_t header, std::uint32_t offset,
                       std::span<const std::uint8_t> value) {
  const std::size_t payload = begin_expression("payload");
  buffer_.put_u32(NFTA_PAYLOAD_DREG, htonl(NFT_REG_1));
  buffer_.put_u32(NFTA_PAYLOAD_BASE, htonl(header));
  buffer_.put_u32(NFTA_PAYLOAD_OFFSET, htonl(offset));
  buffer_.put_u32(NFTA_PAYLOAD_LEN, htonl(static_cast<std::uint32_t>(value.size())));
  end_expression(payload);
  compare(value);
}

void OwnedTable::match_id(std::uint32_t offset, std::uint16_t id) {
  const std::array bytes = {static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id)};
  match(NFT_PAYLOAD_TRANSPORT_HEADER, offset, bytes);
}

void OwnedTable::jump(const std::string& target) {
  const std::size_t immediate = begin_expression("immediate");
  buffer_.put_u32(NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
  const std::size_t data = buffer_.open(NFTA_IMMEDIATE_DATA);
  const std::size_t verdict = buffer_.open(NFTA_DATA_VERDICT);
  buffer_.put_u32(NFTA_VERDICT_CODE, htonl(static_cast<std::uint32_t>(NFT_JUMP)));
  buffer_.put_string(NFTA_VERDICT_CHAIN, target);
  buffer_.close(verdict);
  buffer_.close(data);
  end_expression(immediate);
}

void OwnedTable::trace() {
  const std::size_t immediate = begin_expression("immediate");
  buffer_.put_u32(NFTA_IMMEDIATE_DREG, htonl(NFT_REG_1));
  value(NFTA_IMMEDIATE_DATA, std::array<std::uint8_t, 1>{1});
  end_expression(immediate);
  const std::size_t meta = begin_expression("meta");
  buffer_.put_u32(NFTA_META_KEY, htonl(NFT_META_NFTRACE));
  buffer_.put_u32(NFTA_META_SREG, htonl(NFT_REG_1));
  end_expression(meta);
}

void OwnedTable::notrack() {
  const std::size_t element = buffer_.open(NFTA_LIST_ELEM);
  buffer_.put_string(NFTA_EXPR_NAME, "notrack");
  buffer_.close(element);
}

void OwnedTable::make(netlink::Socket& owner, const std::string& what) {
  buffer_.finish(sequence_, NLM_F_ACK);
  begin_batch(NFNL_MSG_BATCH_END);
  owner.execute_whole(buffer_.bytes(), [&](const nlmsghdr& verdict) {
    const netlink::Refusal refusal = netlink::read_refusal(verdict);
    if (refusal.error == 0) return;
    const bool unknown = refusal.error == EINVAL || refusal.error == EOPNOTSUPP;
    if (unknown && verdict.nlmsg_seq == kTableSequence) {
      throw base::Error(base::ErrorKind::kUnsupported,
                        "this kernel (before 5.12) cannot say " + what +
                            ": it has no tables that end with their program",
                        refusal.error);
    }
    throw netlink::refusal_error("nf_tables: cannot make a table for probes", refusal);
  });
}

void OwnedTable::begin_batch(std::uint16_t type) {
  const nfgenmsg general = {AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
  buffer_.begin(type, 0, general);
  buffer_.finish(0);
}

void OwnedTable::begin(std::uint16_t type, unsigned flags) {
  const nfgenmsg general = {NFPROTO_IPV4, NFNETLINK_V0, 0};
  buffer_.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | type), flags, general);
}

std::size_t OwnedTable::begin_expression(const char* name) {
  element_ = buffer_.open(NFTA_LIST_ELEM);
  buffer_.put_string(NFTA_EXPR_NAME, name);
  return buffer_.open(NFTA_EXPR_DATA);
}

void OwnedTable::end_expression(std::size_t data) {
  buffer_.close(data);
  buffer_.close(element_);
}

void OwnedTable::value(int type, std::span<const std::uint8_t> bytes) {
  const std::size_t data = buffer_.open(type);
  buffer_.put_bytes(NFTA_DATA_VALUE, bytes);
  buffer_.close(data);
}

void OwnedTable::compare(std::span<const std::uint8_t> bytes) {
  const std::size_t cmp = begin_expression("cmp");
  buffer_.put_u32(NFTA_CMP_SREG, htonl(NFT_REG_1));
  buffer_.put_u32(NFTA_CMP_OP, htonl(NFT_CMP_EQ));
  value(NFTA_CMP_DATA, bytes);
  end_expression(cmp);
}

}  // namespace overland::firewall::nft
