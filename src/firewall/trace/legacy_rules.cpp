// Before all others: see legacy/entry.cpp.
#include "firewall/trace/legacy_rules.h"

#include <libiptc/libiptc.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace overland::firewall::trace {
namespace {

using Message = std::vector<std::uint8_t>;

void put_number(Message& message, std::uint16_t type, std::uint32_t number) {
  Message bytes(sizeof number);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  }
  put_bytes(message, type, bytes);
}

void put_value(Message& message, std::uint16_t type, Bytes value) {
  Message data;
  put_bytes(data, NFTA_DATA_VALUE, value);
  put_bytes(message, type, data);
}

template <typename Field>
Bytes bytes_of(const Field& field) {
  return {reinterpret_cast<const std::uint8_t*>(&field), sizeof field};
}

/// The conditions of a rule and what it does, one expression after the other.
class Expressions {
 public:
  void add(const char* name, const Message& data) {
    Message expression;
    put_text(expression, NFTA_EXPR_NAME, name);
    put_bytes(expression, NFTA_EXPR_DATA, data);
    put_bytes(all_, NFTA_LIST_ELEM, expression);
  }

  void header_is(std::uint32_t offset, Bytes value, Bytes mask, bool inverted) {
    if (std::ranges::all_of(mask, [](std::uint8_t byte) { return byte == 0; })) return;
    Message load;
    put_number(load, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(load, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_number(load, NFTA_PAYLOAD_OFFSET, offset);
    put_number(load, NFTA_PAYLOAD_LEN, static_cast<std::uint32_t>(value.size()));
    add("payload", load);
    if (std::ranges::any_of(mask, [](std::uint8_t byte) { return byte != 0xff; })) {
      Message masked;
      put_number(masked, NFTA_BITWISE_SREG, NFT_REG_1);
      put_number(masked, NFTA_BITWISE_DREG, NFT_REG_1);
      put_number(masked, NFTA_BITWISE_LEN, static_cast<std::uint32_t>(value.size()));
      put_value(masked, NFTA_BITWISE_MASK, mask);
      put_value(masked, NFTA_BITWISE_XOR, Message(value.size(), 0));
      add("bitwise", masked);
    }
    compare(value, inverted);
  }

  /// A name that ends in + has no NUL.
  void link_is(std::uint32_t key, const char* name, const unsigned char* mask, bool inverted) {
    std::size_t size = 0;
    while (size < IFNAMSIZ && mask[size] != 0) ++size;
    if (size == 0) return;
    Message value(reinterpret_cast<const std::uint8_t*>(name),
                  reinterpret_cast<const std::uint8_t*>(name) + size);
    if (value.back() == 0) value.resize(IFNAMSIZ, 0);
    Message load;
    put_number(load, NFTA_META_DREG, NFT_REG_1);
    put_number(load, NFTA_META_KEY, key);
    add("meta", load);
    compare(value, inverted);
  }

  /// A match or a target of an extension: xt_entry_target has its fields at the same places.
  void extension(const char* name, const std::byte* at, const std::uint16_t (&attributes)[3]) {
    xt_entry_match header = {};
    std::memcpy(&header, at, sizeof header);
    const std::size_t size = std::max<std::size_t>(header.u.user.match_size, sizeof header);
    Message data;
    put_text(data, attributes[0],
             {header.u.user.name, ::strnlen(header.u.user.name, sizeof header.u.user.name)});
    put_number(data, attributes[1], header.u.user.revision);
    put_bytes(data, attributes[2],
              {reinterpret_cast<const std::uint8_t*>(at + sizeof header), size - sizeof header});
    add(name, data);
  }

  void verdict(const std::string& target, bool goes) {
    static const std::map<std::string, std::int32_t> kCodes = {{IPTC_LABEL_ACCEPT, NF_ACCEPT},
                                                               {IPTC_LABEL_DROP, NF_DROP},
                                                               {IPTC_LABEL_QUEUE, NF_QUEUE},
                                                               {IPTC_LABEL_RETURN, NFT_RETURN}};
    if (target.empty()) return;
    const auto known = kCodes.find(target);
    const std::int32_t code = known != kCodes.end() ? known->second : goes ? NFT_GOTO : NFT_JUMP;
    Message verdict;
    put_number(verdict, NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (known == kCodes.end()) put_text(verdict, NFTA_VERDICT_CHAIN, target);
    Message data;
    put_bytes(data, NFTA_DATA_VERDICT, verdict);
    Message immediate;
    put_number(immediate, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    put_bytes(immediate, NFTA_IMMEDIATE_DATA, data);
    add("immediate", immediate);
  }

  Message finish() { return std::move(all_); }

 private:
  void compare(Bytes value, bool inverted) {
    Message data;
    put_number(data, NFTA_CMP_SREG, NFT_REG_1);
    put_number(data, NFTA_CMP_OP, inverted ? NFT_CMP_NEQ : NFT_CMP_EQ);
    put_value(data, NFTA_CMP_DATA, value);
    add("cmp", data);
  }

  Message all_;
};

void put_conditions(const ipt_ip& ip, Expressions& to) {
  constexpr std::uint32_t kProtocol = 9;  // of struct iphdr, linux/ip.h
  constexpr std::uint32_t kSource = 12;
  constexpr std::uint32_t kDestination = 16;
  const auto inverted = [&](unsigned bit) { return (ip.invflags & bit) != 0; };
  to.link_is(NFT_META_IIFNAME, ip.iniface, ip.iniface_mask, inverted(IPT_INV_VIA_IN));
  to.link_is(NFT_META_OIFNAME, ip.outiface, ip.outiface_mask, inverted(IPT_INV_VIA_OUT));
  to.header_is(kSource, bytes_of(ip.src), bytes_of(ip.smsk), inverted(IPT_INV_SRCIP));
  to.header_is(kDestination, bytes_of(ip.dst), bytes_of(ip.dmsk), inverted(IPT_INV_DSTIP));
  const auto protocol = static_cast<std::uint8_t>(ip.proto);
  const std::uint8_t asked = protocol == 0 ? 0 : 0xff;
  to.header_is(kProtocol, bytes_of(protocol), bytes_of(asked), inverted(IPT_INV_PROTO));
  if ((ip.flags & IPT_F_FRAG) != 0) to.add("fragment", {});
}

Message expressions_of(const ipt_entry& entry, const std::string& target) {
  Expressions result;
  put_conditions(entry.ip, result);
  const auto* base = reinterpret_cast<const std::byte*>(&entry);
  std::size_t at = sizeof entry;
  while (at + sizeof(xt_entry_match) <= entry.target_offset) {
    xt_entry_match header = {};
    std::memcpy(&header, base + at, sizeof header);
    const std::size_t size = header.u.user.match_size;
    if (size < sizeof header || at + size > entry.target_offset) break;
    result.extension("match", base + at, {NFTA_MATCH_NAME, NFTA_MATCH_REV, NFTA_MATCH_INFO});
    at += size;
  }
  xt_entry_match last = {};
  std::memcpy(&last, base + entry.target_offset, sizeof last);
  if (last.u.user.name[0] == '\0') {
    result.verdict(target, (entry.ip.flags & IPT_F_GOTO) != 0);
  } else {
    result.extension("target", base + entry.target_offset,
                     {NFTA_TARGET_NAME, NFTA_TARGET_REV, NFTA_TARGET_INFO});
  }
  return result.finish();
}

}  // namespace

TraceRules legacy_rules(const legacy::Table& table) {
  TraceRules result;
  for (const std::string& chain : table.chains()) {
    auto& rules = result[chain];
    table.visit(chain, [&](const ipt_entry& entry, const std::string& target) {
      rules.push_back({rules.size() + 1, expressions_of(entry, target)});
    });
  }
  return result;
}

}  // namespace overland::firewall::trace
