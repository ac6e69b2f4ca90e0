#include "firewall/nft_rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "firewall/nft_ranges.h"
#include "model/address.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

/// What a register holds: a property of the packet, perhaps masked: (value & mask) ^ toggled.
struct Register {
  Json value;
  bool number = false;   // in host order, as marks and states are
  std::size_t size = 0;  // bytes
  std::vector<std::uint8_t> mask;
  std::vector<std::uint8_t> toggled;
};

std::uint32_t host_number(Bytes data) {
  std::uint32_t value = 0;
  if (data.size() == sizeof value) std::memcpy(&value, data.data(), sizeof value);
  return value;
}

Bytes value_of(Bytes data, std::uint16_t attribute) {
  return find_attribute(find_attribute(data, attribute), NFTA_DATA_VALUE);
}

Json match(const char* op, Json left, Json right) {
  return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}

/// An address compared on `bytes.size()` leading bytes, under `mask` where there is one. Null where
/// that is no prefix.
Json address_or_prefix(Bytes bytes, const std::vector<std::uint8_t>& mask) {
  std::array<std::uint8_t, 4> whole = {};
  if (bytes.empty() || bytes.size() > whole.size()) return {};
  if (!mask.empty() && mask.size() != whole.size()) return {};
  std::copy(bytes.begin(), bytes.end(), whole.begin());
  const std::uint32_t first = number32_of(whole);
  const std::uint32_t host_bits =
      mask.empty() ? UINT32_MAX >> (bytes.size() * 8 - 1) >> 1U : ~number32_of(mask);
  if ((host_bits & (host_bits + 1)) != 0 || (first & host_bits) != 0) return {};
  return element_of({first, first | host_bits});
}

class Decoder {
 public:
  explicit Decoder(const AnonymousSet& anonymous) : anonymous_(anonymous) {}

  void take(const std::string& name, Bytes data) {
    if (name == "counter") {
      result_.push_back({{"counter", nullptr}});
    } else if (name == "notrack") {
      result_.push_back({{"notrack", nullptr}});
    } else if (name == "match" && text_of(find_attribute(data, NFTA_MATCH_NAME)) == "comment") {
      return;
    } else if (!load(name, data) && !test(name, data) && !act(name, data)) {
      result_.push_back({{"unknown", name}});
    }
  }

  Json finish() { return std::move(result_); }

 private:
  Register& at(Bytes data, std::uint16_t attribute) {
    return registers_[number32_of(find_attribute(data, attribute))];
  }

  bool load(const std::string& name, Bytes data) {
    if (name == "meta" && !find_attribute(data, NFTA_META_DREG).empty()) {
      return load_meta(data);
    }
    if (name == "payload" && !find_attribute(data, NFTA_PAYLOAD_DREG).empty()) {
      return load_payload(data);
    }
    if (name == "ct" && !find_attribute(data, NFTA_CT_DREG).empty()) {
      if (number32_of(find_attribute(data, NFTA_CT_KEY)) != NFT_CT_STATE) return false;
      at(data, NFTA_CT_DREG) = {{{"ct", {{"key", "state"}}}}, true, 4, {}, {}};
      return true;
    }
    if (name == "bitwise") return mask(data);
    return false;
  }

  bool load_meta(Bytes data) {
    const std::uint32_t key = number32_of(find_attribute(data, NFTA_META_KEY));
    const char* name = key == NFT_META_MARK      ? "mark"
                       : key == NFT_META_IIFNAME ? "iifname"
                       : key == NFT_META_OIFNAME ? "oifname"
                                                 : nullptr;
    if (name == nullptr) return false;
    const bool number = key == NFT_META_MARK;
    at(data, NFTA_META_DREG) = {{{"meta", {{"key", name}}}}, number, number ? 4U : 16U, {}, {}};
    return true;
  }

  bool load_payload(Bytes data) {
    const std::uint32_t offset = number32_of(find_attribute(data, NFTA_PAYLOAD_OFFSET));
    const std::uint32_t size = number32_of(find_attribute(data, NFTA_PAYLOAD_LEN));
    constexpr std::uint32_t kSource = 12;  // of struct iphdr, linux/ip.h
    constexpr std::uint32_t kDestination = 16;
    if (number32_of(find_attribute(data, NFTA_PAYLOAD_BASE)) != NFT_PAYLOAD_NETWORK_HEADER ||
        (offset != kSource && offset != kDestination) || size == 0 || size > 4) {
      return false;
    }
    const char* field = offset == kSource ? "saddr" : "daddr";
    at(data, NFTA_PAYLOAD_DREG) = {
        {{"payload", {{"protocol", "ip"}, {"field", field}}}}, false, size, {}, {}};
    return true;
  }

  bool mask(Bytes data) {
    const Bytes op = find_attribute(data, NFTA_BITWISE_OP);
    if (!op.empty() && number32_of(op) != NFT_BITWISE_BOOL) return false;
    Register masked = at(data, NFTA_BITWISE_SREG);
    const Bytes bits = value_of(data, NFTA_BITWISE_MASK);
    const Bytes toggled = value_of(data, NFTA_BITWISE_XOR);
    if (masked.value.is_null() || !masked.mask.empty() || bits.size() != masked.size ||
        toggled.size() != masked.size) {
      return false;
    }
    masked.mask.assign(bits.begin(), bits.end());
    masked.toggled.assign(toggled.begin(), toggled.end());
    at(data, NFTA_BITWISE_DREG) = std::move(masked);
    return true;
  }

  static bool toggles(const Register& from) {
    return std::any_of(from.toggled.begin(), from.toggled.end(),
                       [](std::uint8_t byte) { return byte != 0; });
  }

  bool test(const std::string& name, Bytes data) {
    if (name == "lookup") return look_up(data);
    if (name != "cmp") return false;
    const Register& from = at(data, NFTA_CMP_SREG);
    const std::uint32_t op = number32_of(find_attribute(data, NFTA_CMP_OP));
    const Bytes value = value_of(data, NFTA_CMP_DATA);
    if (from.value.is_null() || value.size() != from.size || toggles(from)) return false;
    if (from.value.contains("ct")) return test_state(from, op, value);
    if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ) return false;
    const char* sign = op == NFT_CMP_EQ ? "==" : "!=";
    if (from.number) {
      Json left = from.value;
      if (!from.mask.empty()) left = {{"&", Json::array({from.value, host_number(from.mask)})}};
      result_.push_back(match(sign, std::move(left), host_number(value)));
    } else if (from.value.contains("payload")) {
      Json right = address_or_prefix(value, from.mask);
      if (right.is_null()) return false;
      result_.push_back(match(sign, from.value, std::move(right)));
    } else {
      if (!from.mask.empty()) return false;
      result_.push_back(match(sign, from.value, text_of(value)));
    }
    return true;
  }

  /// Any of a set of states: masked, and not zero.
  bool test_state(const Register& from, std::uint32_t op, Bytes value) {
    constexpr std::uint32_t kEstablished = 2;  // NF_CT_STATE_BIT of nf_conntrack_common.h
    constexpr std::uint32_t kRelated = 4;
    if (op != NFT_CMP_NEQ || host_number(value) != 0 ||
        host_number(from.mask) != (kEstablished | kRelated)) {
      return false;
    }
    result_.push_back(match("in", from.value, Json::array({"established", "related"})));
    return true;
  }

  bool look_up(Bytes data) {
    const Register& from = at(data, NFTA_LOOKUP_SREG);
    if (from.value.is_null() || toggles(from) || !find_attribute(data, NFTA_LOOKUP_DREG).empty()) {
      return false;
    }
    Json left = from.value;
    if (!from.mask.empty()) {
      if (!from.value.contains("payload") || from.mask.size() != 4) return false;
      const auto mask = model::Address::from_bytes(from.mask).to_string();
      left = {{"&", Json::array({std::move(left), mask})}};
    }
    const std::string set = text_of(find_attribute(data, NFTA_LOOKUP_SET));
    const bool inverted =
        (number32_of(find_attribute(data, NFTA_LOOKUP_FLAGS)) & NFT_LOOKUP_F_INV) != 0;
    Json right = anonymous_(set);
    if (right.is_null()) right = "@" + set;
    result_.push_back(match(inverted ? "!=" : "==", std::move(left), std::move(right)));
    return true;
  }

  bool act(const std::string& name, Bytes data) {
    if (name == "immediate") return verdict(data);
    if (name == "meta") return set_mark(data);
    if (name == "masq") {
      if (!data.empty() && !masquerades_plainly(data)) return false;
      result_.push_back({{"masquerade", nullptr}});
      return true;
    }
    return name == "nat" && null_snat(data);
  }

  static bool masquerades_plainly(Bytes data) {
    return number32_of(find_attribute(data, NFTA_MASQ_FLAGS)) == 0 &&
           find_attribute(data, NFTA_MASQ_REG_PROTO_MIN).empty();
  }

  bool verdict(Bytes data) {
    const Bytes found =
        find_attribute(find_attribute(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
    if (found.empty()) return false;
    const Json target = {{"target", text_of(find_attribute(found, NFTA_VERDICT_CHAIN))}};
    switch (static_cast<std::int32_t>(number32_of(find_attribute(found, NFTA_VERDICT_CODE)))) {
      case NF_ACCEPT:
        result_.push_back({{"accept", nullptr}});
        return true;
      case NF_DROP:
        result_.push_back({{"drop", nullptr}});
        return true;
      case NFT_RETURN:
        result_.push_back({{"return", nullptr}});
        return true;
      case NFT_JUMP:
        result_.push_back({{"jump", target}});
        return true;
      case NFT_GOTO:
        result_.push_back({{"goto", target}});
        return true;
      default:
        return false;
    }
  }

  /// Or: the bits cleared, then toggled. And: only a mask.
  bool set_mark(Bytes data) {
    if (number32_of(find_attribute(data, NFTA_META_KEY)) != NFT_META_MARK) return false;
    const Register& from = at(data, NFTA_META_SREG);
    if (!from.value.is_object() || from.value != Json{{"meta", {{"key", "mark"}}}} ||
        from.mask.empty()) {
      return false;
    }
    const std::uint32_t bits = host_number(from.mask);
    const std::uint32_t toggled = host_number(from.toggled);
    Json value;
    if (toggled == 0) {
      value = {{"&", Json::array({from.value, bits})}};
    } else if (toggled == ~bits) {
      value = {{"|", Json::array({from.value, toggled})}};
    } else {
      return false;
    }
    result_.push_back({{"mangle", {{"key", from.value}, {"value", std::move(value)}}}});
    return true;
  }

  bool null_snat(Bytes data) {
    constexpr std::uint32_t kMapAddresses = 1;  // NF_NAT_RANGE_MAP_IPS of linux/netfilter/nf_nat.h
    const Register& from = at(data, NFTA_NAT_REG_ADDR_MIN);
    const Bytes last = find_attribute(data, NFTA_NAT_REG_ADDR_MAX);
    const bool one_address = last.empty() || number32_of(last) == number32_of(find_attribute(
                                                                      data, NFTA_NAT_REG_ADDR_MIN));
    if (number32_of(find_attribute(data, NFTA_NAT_TYPE)) != NFT_NAT_SNAT || !one_address ||
        from.value.is_null() || !from.mask.empty() || from.size != 4 ||
        !find_attribute(data, NFTA_NAT_REG_PROTO_MIN).empty() ||
        (number32_of(find_attribute(data, NFTA_NAT_FLAGS)) & ~kMapAddresses) != 0) {
      return false;
    }
    result_.push_back({{"snat", {{"addr", from.value}}}});
    return true;
  }

  const AnonymousSet& anonymous_;
  std::map<std::uint32_t, Register> registers_;
  Json result_ = Json::array();
};

}  // namespace

Json decode_rule(Bytes expressions, const AnonymousSet& anonymous) {
  Decoder decoder(anonymous);
  for_each_attribute(expressions, [&](const Attribute& element) {
    decoder.take(text_of(find_attribute(element.data, NFTA_EXPR_NAME)),
                 find_attribute(element.data, NFTA_EXPR_DATA));
  });
  return decoder.finish();
}

}  // namespace overland::firewall
