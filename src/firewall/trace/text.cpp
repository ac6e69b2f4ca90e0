#include "firewall/trace/text.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "firewall/printable.h"
#include "model/address.h"

namespace overland::firewall::trace {
namespace {

enum class Kind : std::uint8_t { kNumber, kHostNumber, kAddress, kName, kState };

/// A property of the packet, in a register.
struct Property {
  std::string words;  // "ip saddr"; empty: not known
  Kind kind = Kind::kNumber;
  std::size_t size = 4;
  std::vector<std::uint8_t> mask = {};
};

const std::map<std::uint32_t, Property>& metas() {
  static const std::map<std::uint32_t, Property> known = {
      {NFT_META_MARK, {"meta mark", Kind::kHostNumber}},
      {NFT_META_IIF, {"iif", Kind::kHostNumber}},
      {NFT_META_OIF, {"oif", Kind::kHostNumber}},
      {NFT_META_IIFNAME, {"iifname", Kind::kName}},
      {NFT_META_OIFNAME, {"oifname", Kind::kName}},
      {NFT_META_IIFKIND, {"meta iifkind", Kind::kName}},
      {NFT_META_OIFKIND, {"meta oifkind", Kind::kName}},
      {NFT_META_NFPROTO, {"meta nfproto", Kind::kNumber, 1}},
      {NFT_META_L4PROTO, {"meta l4proto", Kind::kNumber, 1}},
      {NFT_META_PKTTYPE, {"meta pkttype", Kind::kNumber, 1}}};
  return known;
}

std::string hex(std::uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", number);
  return text;
}

std::uint32_t host_number(Bytes data) {
  std::uint32_t value = 0;
  if (data.size() == sizeof value) std::memcpy(&value, data.data(), sizeof value);
  return value;
}

std::string states(std::uint32_t bits) {
  std::string result;
  const std::map<std::uint32_t, const char*> names = {// NF_CT_STATE_BIT
                                                      {1, "invalid"},
                                                      {2, "established"},
                                                      {4, "related"},
                                                      {8, "new"},
                                                      {64, "untracked"}};
  for (const auto& [bit, name] : names) {
    if ((bits & bit) != 0) result += (result.empty() ? "" : ",") + std::string(name);
  }
  return result.empty() ? hex(bits) : result;
}

/// A compared with the leading bytes of one, or with one under a mask.
std::string address(Bytes value, const std::vector<std::uint8_t>& mask) {
  std::vector<std::uint8_t> whole(value.begin(), value.end());
  whole.resize(4, 0);
  std::string text = model::Address::from_bytes(whole).to_string();
  std::uint32_t bits = value.size() < 4 ? ~(UINT32_MAX >> (8 * value.size())) : UINT32_MAX;
  if (mask.size() == 4) bits = number32_of(mask);
  const auto length = static_cast<unsigned>(std::countl_one(bits));
  if (length == 32) return text;
  const bool plain = length == 0 ? bits == 0 : bits == UINT32_MAX << (32 - length);
  return text + "/" + (plain ? std::to_string(length) : hex(bits));
}

std::string number(Bytes value) {
  std::uint64_t result = 0;
  if (value.size() > sizeof result) return "...";
  for (const std::uint8_t byte : value) result = result << 8U | byte;
  return std::to_string(result);
}

class Words {
 public:
  void take(const std::string& name, Bytes data) {
    if (name == "meta" && !find_attribute(data, NFTA_META_DREG).empty()) {
      const auto found = metas().find(number_of(data, NFTA_META_KEY));
      at(data, NFTA_META_DREG) = found == metas().end() ? Property{} : found->second;
    } else if (name == "ct" && !find_attribute(data, NFTA_CT_DREG).empty()) {
      const bool state = number_of(data, NFTA_CT_KEY) == NFT_CT_STATE;
      at(data, NFTA_CT_DREG) = state ? Property{"ct state", Kind::kState} : Property{"ct"};
    } else if (name == "payload" && !find_attribute(data, NFTA_PAYLOAD_DREG).empty()) {
      at(data, NFTA_PAYLOAD_DREG) = payload(data);
    } else if (name == "bitwise") {
      Property masked = at(data, NFTA_BITWISE_SREG);
      const Bytes mask = value_of(data, NFTA_BITWISE_MASK);
      masked.mask.assign(mask.begin(), mask.end());
      at(data, NFTA_BITWISE_DREG) = std::move(masked);
    } else if (name == "cmp") {
      compare(data);
    } else if (name == "lookup") {
      look_up(data);
    } else if (name == "range") {
      Property& from = at(data, NFTA_RANGE_SREG);
      say(left(from) + compared(number_of(data, NFTA_RANGE_OP) == NFT_RANGE_NEQ) +
          text(from, value_of(data, NFTA_RANGE_FROM_DATA)) + "-" +
          text(from, value_of(data, NFTA_RANGE_TO_DATA)));
    } else {
      act(name, data);
    }
  }

  std::string finish() {
    constexpr std::size_t kLongest = 200;
    return words_.size() <= kLongest ? words_ : words_.substr(0, kLongest) + "...";
  }

 private:
  static std::uint32_t number_of(Bytes data, std::uint16_t attribute) {
    return number32_of(find_attribute(data, attribute));
  }
  static Bytes value_of(Bytes data, std::uint16_t attribute) {
    return find_attribute(find_attribute(data, attribute), NFTA_DATA_VALUE);
  }
  Property& at(Bytes data, std::uint16_t attribute) {
    return registers_[number_of(data, attribute)];
  }
  static std::string compared(bool inverted) { return inverted ? " != " : " "; }
  void say(const std::string& words) { words_ += (words_.empty() ? "" : " ") + words; }

  static Property payload(Bytes data) {
    const std::uint32_t base = number_of(data, NFTA_PAYLOAD_BASE);
    const std::uint32_t offset = number_of(data, NFTA_PAYLOAD_OFFSET);
    const std::uint32_t size = number_of(data, NFTA_PAYLOAD_LEN);
    if (base == NFT_PAYLOAD_NETWORK_HEADER && size <= 4) {
      if (offset == 12) return {"ip saddr", Kind::kAddress};
      if (offset == 16) return {"ip daddr", Kind::kAddress};
      if (offset == 9 && size == 1) return {"ip protocol"};
    }
    if (base == NFT_PAYLOAD_TRANSPORT_HEADER && size == 2) {
      if (offset == 0) return {"th sport"};
      if (offset == 2) return {"th dport"};
    }
    const char* where = base == NFT_PAYLOAD_NETWORK_HEADER     ? "nh"
                        : base == NFT_PAYLOAD_TRANSPORT_HEADER ? "th"
                                                               : "ll";
    return {"@" + std::string(where) + "," + std::to_string(std::uint64_t{offset} * 8) + "," +
            std::to_string(std::uint64_t{size} * 8)};
  }

  static std::string left(const Property& property) {
    if (property.words.empty()) return "[something]";
    const bool shown = !property.mask.empty() && property.kind == Kind::kHostNumber;
    return shown ? property.words + " & " + hex(host_number(property.mask)) : property.words;
  }

  static std::string text(const Property& property, Bytes value) {
    switch (property.kind) {
      case Kind::kAddress:
        if (value.size() <= 4) return address(value, property.mask);
        break;
      case Kind::kName:
        return "\"" + printable(text_of(value)) + (value.size() < 16 ? "*\"" : "\"");
      case Kind::kState:
        return states(host_number(value));
      case Kind::kHostNumber:
        return hex(host_number(value));
      case Kind::kNumber:
        break;
    }
    return number(value);
  }

  void compare(Bytes data) {
    constexpr const char* kSigns[] = {" ", " != ", " < ", " <= ", " > ", " >= "};
    const Property& from = at(data, NFTA_CMP_SREG);
    const Bytes with = value_of(data, NFTA_CMP_DATA);
    const std::uint32_t op = number_of(data, NFTA_CMP_OP);
    const char* sign = op < std::size(kSigns) ? kSigns[op] : " ? ";
    if (from.kind == Kind::kState && !from.mask.empty() && host_number(with) == 0) {
      const bool any = op == NFT_CMP_NEQ;
      return say(left(from) + (any ? " " : " != ") + states(host_number(from.mask)));
    }
    if (from.words == "meta l4proto" || from.words == "meta nfproto") {
      const std::map<std::string, const char*> names = {
          {"1", "icmp"}, {"2", "ipv4"}, {"6", "tcp"}, {"10", "ipv6"}, {"17", "udp"}};
      const auto found = names.find(number(with));
      if (found != names.end()) return say(from.words + sign + found->second);
    }
    const bool shown = !from.mask.empty() && from.kind == Kind::kHostNumber && op == NFT_CMP_EQ;
    say(left(from) + (shown ? " == " : sign) + text(from, with));
  }

  void look_up(Bytes data) {
    const std::string set = text_of(find_attribute(data, NFTA_LOOKUP_SET));
    const Bytes to = find_attribute(data, NFTA_LOOKUP_DREG);
    const bool inverted = (number_of(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0;
    const std::string shown = set.starts_with("__") ? "{ ... }" : "@" + printable(set);
    say(left(at(data, NFTA_LOOKUP_SREG)) +
        (to.empty()                           ? compared(inverted)
         : number32_of(to) == NFT_REG_VERDICT ? " vmap "
                                              : " map ") +
        shown);
  }

  void act(const std::string& name, Bytes data) {
    if (name == "immediate") {
      verdict(find_attribute(find_attribute(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT));
    } else if (name == "reject") {
      reject(data);
    } else if (name == "match") {
      const std::string match = text_of(find_attribute(data, NFTA_MATCH_NAME));
      const bool comment = match == "comment";  // struct xt_comment_info of linux/netfilter
      const std::string said = comment ? text_of(find_attribute(data, NFTA_MATCH_INFO)) : match;
      say((comment ? "\"" : "xt match \"") + printable(said) + "\"");
    } else if (name == "target") {
      say("xt target \"" + printable(text_of(find_attribute(data, NFTA_TARGET_NAME))) + "\"");
    } else if (name == "counter" || name == "limit" || name == "log" || name == "quota" ||
               name == "notrack") {
      say(name);
    } else {
      say("[" + printable(name) + "]");
    }
  }

  void verdict(Bytes data) {
    const std::map<std::int32_t, const char*> names = {{NF_ACCEPT, "accept"},
                                                       {NF_DROP, "drop"},
                                                       {NFT_RETURN, "return"},
                                                       {NFT_JUMP, "jump "},
                                                       {NFT_GOTO, "goto "}};
    const auto found = names.find(static_cast<std::int32_t>(number_of(data, NFTA_VERDICT_CODE)));
    if (found == names.end()) return;
    say(found->second + printable(text_of(find_attribute(data, NFTA_VERDICT_CHAIN))));
  }

  void reject(Bytes data) {
    const Bytes sent = find_attribute(data, NFTA_REJECT_ICMP_CODE);
    const unsigned code = sent.empty() ? 0U : sent[0];
    const std::uint32_t type = number_of(data, NFTA_REJECT_TYPE);
    if (type == NFT_REJECT_TCP_RST) return say("reject with tcp reset");
    const bool any = type == NFT_REJECT_ICMPX_UNREACH;
    const std::map<unsigned, const char*> icmpx = {
        {0, "no-route"}, {1, "port-unreachable"}, {2, "host-unreachable"}, {3, "admin-prohibited"}};
    const std::map<unsigned, const char*> icmp = {{0, "net-unreachable"},  {1, "host-unreachable"},
                                                  {2, "prot-unreachable"}, {3, "port-unreachable"},
                                                  {9, "net-prohibited"},   {10, "host-prohibited"},
                                                  {13, "admin-prohibited"}};
    const auto& names = any ? icmpx : icmp;
    const auto found = names.find(code);
    say(std::string("reject with ") + (any ? "icmpx " : "icmp ") +
        (found == names.end() ? std::to_string(code) : found->second));
  }

  std::map<std::uint32_t, Property> registers_;
  std::string words_;
};

}  // namespace

std::string rule_text(Bytes expressions) {
  Words words;
  for_each_attribute(expressions, [&](const Attribute& element) {
    words.take(text_of(find_attribute(element.data, NFTA_EXPR_NAME)),
               find_attribute(element.data, NFTA_EXPR_DATA));
  });
  return words.finish();
}

}  // namespace overland::firewall::trace
