#include "firewall/nft/batch.h"

#include <arpa/inet.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>

#include "base/error.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/rule_encode.h"
#include "firewall/nft/set_types.h"
#include "model/ownership.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint16_t kAdd = NLM_F_CREATE;
constexpr std::uint16_t kAppend = NLM_F_CREATE | NLM_F_APPEND;

/// The two bounds of a range take 40 bytes, a name 28.
constexpr std::size_t kMembersAMessage = kLongestMessage / 64;

struct FreePart {
  void operator()(nftnl_table* table) const { ::nftnl_table_free(table); }
  void operator()(nftnl_chain* chain) const { ::nftnl_chain_free(chain); }
  void operator()(nftnl_rule* rule) const { ::nftnl_rule_free(rule); }
  void operator()(nftnl_set* set) const { ::nftnl_set_free(set); }
  void operator()(nftnl_udata_buf* buffer) const { ::nftnl_udata_buf_free(buffer); }
};

template <typename T>
using Part = std::unique_ptr<T, FreePart>;

template <typename T>
Part<T> made(T* part) {
  if (part == nullptr) base::throw_errno("cannot make an nf_tables message", ENOMEM);
  return Part<T>(part);
}

std::uint32_t hook_number(const std::string& hook) {
  const auto* const found = std::find(kHookNames.begin(), kHookNames.end(), hook);
  return static_cast<std::uint32_t>(found - kHookNames.begin());
}

Part<nftnl_rule> rule_in(std::uint8_t family, const std::string& table, const std::string& chain) {
  auto rule = made(::nftnl_rule_alloc());
  ::nftnl_rule_set_u32(rule.get(), NFTNL_RULE_FAMILY, family);
  ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, table.c_str());
  ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, chain.c_str());
  return rule;
}

void put_comment(nftnl_rule& rule) {
  const auto buffer = made(::nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));
  const std::string comment(model::kRuleComment);
  ::nftnl_udata_put_strz(buffer.get(), NFTNL_UDATA_RULE_COMMENT, comment.c_str());
  ::nftnl_rule_set_data(&rule, NFTNL_RULE_USERDATA, ::nftnl_udata_buf_data(buffer.get()),
                        ::nftnl_udata_buf_len(buffer.get()));
}

void add_key(nftnl_set& set, const void* key, std::uint32_t size, std::uint32_t flags) {
  nftnl_set_elem* element = ::nftnl_set_elem_alloc();
  if (element == nullptr) base::throw_errno("cannot make an nf_tables element", ENOMEM);
  ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
  if (flags != 0) ::nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
  ::nftnl_set_elem_add(&set, element);
}

/// An interval is two elements: its first address, and the one after its last, marked as an end.
void add_range(nftnl_set& set, bool interval, const Range& range) {
  const std::uint32_t first = htonl(range.first);
  add_key(set, &first, sizeof first, 0);
  if (!interval || range.last == UINT32_MAX) return;
  const std::uint32_t after = htonl(range.last + 1);
  add_key(set, &after, sizeof after, NFT_SET_ELEM_INTERVAL_END);
}

/// Neighbours as one range. Kernels up to 6.18 take an address at which one ends and the next one
/// begins for no member where the set is anonymous (nft_rbtree_lookup).
std::vector<Range> merged(const std::vector<Range>& sorted) {
  std::vector<Range> result;
  for (const Range& range : sorted) {
    if (!result.empty() && result.back().last + 1 == range.first) {
      result.back().last = range.last;
    } else {
      result.push_back(range);
    }
  }
  return result;
}

}  // namespace

Batch::Batch() : room_(kLongestMessage / sizeof(std::uint32_t)) {
  append(*::nftnl_batch_begin(room(), sequence_++));
}

void Batch::take(const Command& command) {
  family_ = command.family;
  std::visit([&](const auto& object) { put(command, object); }, command.object);
  ++commands_;
}

void Batch::finish() {
  reinterpret_cast<nlmsghdr*>(&bytes_[last_])->nlmsg_flags |= NLM_F_ACK;
  append(*::nftnl_batch_end(room(), sequence_));
}

std::optional<std::size_t> Batch::command_of(std::uint32_t sequence) const {
  const auto next = first_sequence_.upper_bound(sequence);
  if (next == first_sequence_.begin() || sequence >= sequence_) return std::nullopt;
  return std::prev(next)->second;
}

nlmsghdr* Batch::begin(std::uint16_t type, std::uint16_t flags) {
  first_sequence_.try_emplace(sequence_, commands_);
  return ::nftnl_nlmsg_build_hdr(room(), type, family_, flags, sequence_++);
}

void Batch::append(const nlmsghdr& header) {
  last_ = bytes_.size();
  const auto* start = reinterpret_cast<const std::uint8_t*>(&header);
  bytes_.insert(bytes_.end(), start, start + header.nlmsg_len);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void Batch::put(const Command& command, std::monostate /*table*/) {
  const auto table = made(::nftnl_table_alloc());
  ::nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, command.table.c_str());
  const bool adds = command.verb == Verb::kAdd;
  nlmsghdr* header = begin(adds ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE, adds ? kAdd : 0);
  ::nftnl_table_nlmsg_build_payload(header, table.get());
  append(*header);
}

void Batch::put(const Command& command, const Chain& wanted) {
  if (command.verb == Verb::kFlush) return flush(command.table, wanted.name);
  const auto chain = made(::nftnl_chain_alloc());
  ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, command.table.c_str());
  ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, wanted.name.c_str());
  const bool adds = command.verb == Verb::kAdd;
  if (adds && !wanted.type.empty()) {
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, wanted.type.c_str());
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook_number(wanted.hook));
    ::nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, wanted.priority);
    if (!wanted.device.empty()) {
      ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_DEV, wanted.device.c_str());
    }
  }
  if (adds && !wanted.policy.empty()) {
    const std::uint32_t policy = wanted.policy == "drop" ? NF_DROP : NF_ACCEPT;
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, policy);
  }
  nlmsghdr* header = begin(adds ? NFT_MSG_NEWCHAIN : NFT_MSG_DELCHAIN, adds ? kAdd : 0);
  ::nftnl_chain_nlmsg_build_payload(header, chain.get());
  append(*header);
}

/// A rule deleted without a handle is all of the chain.
void Batch::flush(const std::string& table, const std::string& chain) {
  const auto rule = rule_in(family_, table, chain);
  nlmsghdr* header = begin(NFT_MSG_DELRULE, 0);
  ::nftnl_rule_nlmsg_build_payload(header, rule.get());
  append(*header);
}

void Batch::put(const Command& command, const Rule& wanted) {
  const auto rule = rule_in(family_, command.table, wanted.chain);
  const bool deletes = command.verb == Verb::kDelete;
  if (deletes) {
    ::nftnl_rule_set_u64(rule.get(), NFTNL_RULE_HANDLE, wanted.handle);
  } else {
    encode_rule(*rule, wanted.statements, [&](const std::vector<Range>& ranges) {
      return put_anonymous(command.table, ranges);
    });
    if (wanted.comment) put_comment(*rule);
    if (wanted.handle != 0) {
      ::nftnl_rule_set_u64(rule.get(), NFTNL_RULE_POSITION, wanted.handle);
    }
  }
  const std::uint16_t flags = command.verb == Verb::kInsert ? kAdd : kAppend;
  nlmsghdr* header = begin(deletes ? NFT_MSG_DELRULE : NFT_MSG_NEWRULE, deletes ? 0 : flags);
  ::nftnl_rule_nlmsg_build_payload(header, rule.get());
  append(*header);
}

std::uint32_t Batch::put_anonymous(const std::string& table, const std::vector<Range>& ranges) {
  const Set set = {kAnonymousName, "ipv4_addr", true};
  put_set(table, set, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
  put_ranges(NFT_MSG_NEWSETELEM, table, set, merged(ranges));
  return set_id_;
}

void Batch::put(const Command& command, const Set& wanted) {
  if (command.verb == Verb::kAdd) return put_set(command.table, wanted, 0);
  const auto set = made(::nftnl_set_alloc());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, command.table.c_str());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, wanted.name.c_str());
  nlmsghdr* header = begin(NFT_MSG_DELSET, 0);
  ::nftnl_set_nlmsg_build_payload(header, set.get());
  append(*header);
}

void Batch::put_set(const std::string& table, const Set& wanted, std::uint32_t flags) {
  if (wanted.interval) flags |= NFT_SET_INTERVAL;
  const auto set = made(::nftnl_set_alloc());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, wanted.name.c_str());
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, flags);
  const SetKey key = key_of(wanted.type);
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, key.type);
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, key.size);
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_ID, ++set_id_);
  put_notes(*set, key);
  nlmsghdr* header = begin(NFT_MSG_NEWSET, kAdd);
  ::nftnl_set_nlmsg_build_payload(header, set.get());
  append(*header);
}

void Batch::put(const Command& command, const Members& members) {
  const std::uint16_t type = command.verb == Verb::kAdd ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
  put_ranges(type, command.table, members.set, members.ranges);
  put_members(type, command.table, members.set, members.names,
              [](nftnl_set& set, const std::string& name) {
                std::array<char, kLinkNameSize> key = {};
                name.copy(key.data(), key.size() - 1);
                add_key(set, key.data(), kLinkNameSize, 0);
              });
  put_members(type, command.table, members.set, members.senders,
              [](nftnl_set& set, const Sender& sender) {
                std::array<char, kSenderSize> key = {};
                sender.link.copy(key.data(), kLinkNameSize - 1);
                const std::uint32_t first = htonl(sender.addresses.first);
                std::memcpy(key.data() + kLinkNameSize, &first, sizeof first);
                add_key(set, key.data(), kSenderSize, 0);
              });
  put_members(type, command.table, members.set, members.pairs,
              [](nftnl_set& set, const Pair& pair) {
                const std::array key = {htonl(pair.outer), htonl(pair.inner.first)};
                add_key(set, key.data(), kPairSize, 0);
              });
}

void Batch::put_ranges(std::uint16_t type, const std::string& table, const Set& in,
                       const std::vector<Range>& ranges) {
  put_members(type, table, in, ranges,
              [&](nftnl_set& set, const Range& range) { add_range(set, in.interval, range); });
}

template <typename Member, typename Add>
void Batch::put_members(std::uint16_t type, const std::string& table, const Set& in,
                        const std::vector<Member>& members, Add add) {
  for (std::size_t first = 0; first < members.size(); first += kMembersAMessage) {
    const std::size_t end = std::min(members.size(), first + kMembersAMessage);
    const auto set = made(::nftnl_set_alloc());
    ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
    ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, in.name.c_str());
    if (in.name == kAnonymousName) ::nftnl_set_set_u32(set.get(), NFTNL_SET_ID, set_id_);
    for (std::size_t i = first; i < end; ++i) add(*set, members[i]);
    nlmsghdr* header = begin(type, type == NFT_MSG_NEWSETELEM ? kAdd : std::uint16_t{0});
    ::nftnl_set_elems_nlmsg_build_payload(header, set.get());
    append(*header);
  }
}

}  // namespace overland::firewall::nft
