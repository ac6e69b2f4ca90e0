#include "firewall/nft/rule.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>

#include "firewall/nft/fields.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/own.h"
#include "firewall/nft/tunnel.h"

namespace overland::firewall::nft {
namespace {

/// What a register holds of the packet: (field & mask) ^ toggled.
struct Register {
  std::optional<Field> field;
  std::size_t size = 0;  // bytes
  std::uint32_t mask = UINT32_MAX;
  std::uint32_t toggled = 0;
  // Whether a route to the destination, or to the source, leads to the link it came from: one byte
  // of the word, 0 or 1.
  bool back = false;
  bool own = false;
  bool kind_of_destination = false;  // RTN_…

  [[nodiscard]] bool whole() const { return field && mask == UINT32_MAX && toggled == 0; }
};

/// Of the leading bytes of an address as many as there are.
std::uint32_t word_of(Field field, Bytes data) {
  std::array<std::uint8_t, 4> bytes = {};
  std::copy_n(data.begin(), std::min(data.size(), bytes.size()), bytes.begin());
  if (const auto size = short_number(field); size != 0) {
    return number32_of(bytes) >> 8U * (4U - size);
  }
  return is_address(field) ? number32_of(bytes) : std::bit_cast<std::uint32_t>(bytes);
}

Bytes value_of(Bytes data, std::uint16_t attribute) {
  return find_attribute(find_attribute(data, attribute), NFTA_DATA_VALUE);
}

class Decoder {
 public:
  explicit Decoder(const AnonymousSet& anonymous) : anonymous_(anonymous) {}

  void take(const std::string& name, Bytes data) {
    if (name == "match" && text_of(find_attribute(data, NFTA_MATCH_NAME)) == "comment") return;
    if (!load(name, data) && !test(name, data) && !act(name, data)) {
      result_.emplace_back(Unknown{name});
    }
  }

  Statements finish() { return std::move(result_); }

 private:
  Register& at(Bytes data, std::uint16_t attribute) {
    return registers_[number32_of(find_attribute(data, attribute))];
  }

  bool load(const std::string& name, Bytes data) {
    if (name == "fib") return load_route(data);
    if (name == "meta" && !find_attribute(data, NFTA_META_DREG).empty()) return load_meta(data);
    if (name == "payload" && !find_attribute(data, NFTA_PAYLOAD_DREG).empty()) {
      return load_payload(data);
    }
    if (name == "ct" && !find_attribute(data, NFTA_CT_DREG).empty()) {
      if (number32_of(find_attribute(data, NFTA_CT_KEY)) != NFT_CT_STATE) return false;
      at(data, NFTA_CT_DREG) = {Field::kState, sizeof(std::uint32_t)};
      return true;
    }
    return name == "bitwise" && mask(data);
  }

  bool load_route(Bytes data) {
    const std::uint32_t result = number32_of(find_attribute(data, NFTA_FIB_RESULT));
    const std::uint32_t flags = number32_of(find_attribute(data, NFTA_FIB_FLAGS));
    Register& to = at(data, NFTA_FIB_DREG);
    to = {};
    if (result == NFT_FIB_RESULT_OIFNAME && flags == NFTA_FIB_F_DADDR) {
      to = {Field::kRoutedTo, kLinkNameSize};
    } else if (result == NFT_FIB_RESULT_OIF && flags == kRouteBack) {
      to.back = true;
    } else if (result == NFT_FIB_RESULT_OIF && flags == kSourceBack) {
      to.own = true;
    } else if (result == NFT_FIB_RESULT_ADDRTYPE && flags == NFTA_FIB_F_DADDR) {
      to.kind_of_destination = true;
    } else {
      return false;
    }
    return true;
  }

  bool load_meta(Bytes data) {
    const auto loaded = meta_field(number32_of(find_attribute(data, NFTA_META_KEY)));
    Register& to = at(data, NFTA_META_DREG);
    if (loaded) to = {loaded->field, loaded->size};
    return loaded.has_value();
  }

  /// The kernel clears what a shorter load leaves of the register's last word.
  bool load_payload(Bytes data) {
    const std::uint32_t size = number32_of(find_attribute(data, NFTA_PAYLOAD_LEN));
    const auto loaded = payload_field(number32_of(find_attribute(data, NFTA_PAYLOAD_BASE)),
                                      number32_of(find_attribute(data, NFTA_PAYLOAD_OFFSET)), size);
    if (!loaded) return false;
    const bool whole = short_number(loaded->field) != 0;
    at(data, NFTA_PAYLOAD_DREG) = {loaded->field, size,
                                   whole ? UINT32_MAX : UINT32_MAX << (32 - 8 * size)};
    return true;
  }

  bool mask(Bytes data) {
    const Bytes op = find_attribute(data, NFTA_BITWISE_OP);
    const Bytes bits = value_of(data, NFTA_BITWISE_MASK);
    const Bytes toggled = value_of(data, NFTA_BITWISE_XOR);
    const Register from = at(data, NFTA_BITWISE_SREG);
    Register& to = at(data, NFTA_BITWISE_DREG);
    to = {};
    const bool number = from.whole() && (from.size == 4 || from.size == short_number(*from.field));
    if ((!op.empty() && number32_of(op) != NFT_BITWISE_BOOL) || !number ||
        bits.size() != from.size || toggled.size() != from.size) {
      return false;
    }
    to = {from.field, from.size, word_of(*from.field, bits), word_of(*from.field, toggled)};
    return true;
  }

  bool test(const std::string& name, Bytes data) {
    return name == "lookup" ? look_up(data) : name == "cmp" && compare(data);
  }

  bool compare(Bytes data) {
    const Register& from = at(data, NFTA_CMP_SREG);
    const std::uint32_t op = number32_of(find_attribute(data, NFTA_CMP_OP));
    const Bytes value = value_of(data, NFTA_CMP_DATA);
    if ((from.back || from.own) && op == NFT_CMP_EQ) return ends_where_it_came_from(from, value);
    if (from.kind_of_destination && op == NFT_CMP_EQ) {
      const std::uint32_t local = RTN_LOCAL;
      return std::ranges::equal(value, std::bit_cast<std::array<std::uint8_t, 4>>(local)) &&
             keep(Action::kForThisHost);
    }
    if (from.field == Field::kRoutedTo && value.size() < from.size && op == NFT_CMP_EQ) {
      return keep(Match{*from.field, text_of(value) + "*"});
    }
    if (!from.field || from.toggled != 0 || value.size() != from.size ||
        (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)) {
      return false;
    }
    Match match = {*from.field, text_of(value), op == NFT_CMP_NEQ, from.mask};
    if (!is_link(match.field)) match.value = word_of(match.field, value);
    if (match.field == Field::kProtocol) match.value = std::uint32_t{value[0]} << 8U | value[1];
    return (!is_address(match.field) || compares_prefix(match)) && keep(std::move(match));
  }

  /// One byte or, before nft 1.1.7, the register's whole word.
  bool ends_where_it_came_from(const Register& from, Bytes value) {
    if (value.size() != 1 && value.size() != 4) return false;
    const std::array<std::uint8_t, 4> yes = {1};
    const std::array<std::uint8_t, 4> no = {};
    if (from.back && std::ranges::equal(value, Bytes(no).first(value.size()))) {
      return keep(Action::kNotFromThere);
    }
    return from.own && std::ranges::equal(value, Bytes(yes).first(value.size())) &&
           keep(Action::kFromItsOwn);
  }

  /// From a number under a mask to the range; false where that is no prefix.
  static bool compares_prefix(Match& match) {
    const std::uint32_t first = std::get<std::uint32_t>(match.value);
    const std::uint32_t host_bits = ~match.mask;
    if ((host_bits & (host_bits + 1)) != 0 || (first & host_bits) != 0) return false;
    match.value = std::vector<Range>{{first, first | host_bits}};
    match.mask = UINT32_MAX;
    return true;
  }

  bool look_up(Bytes data) {
    const Register& from = at(data, NFTA_LOOKUP_SREG);
    if (!from.field || from.toggled != 0 || !find_attribute(data, NFTA_LOOKUP_DREG).empty()) {
      return false;
    }
    const std::string set = text_of(find_attribute(data, NFTA_LOOKUP_SET));
    const std::uint32_t flags = number32_of(find_attribute(data, NFTA_LOOKUP_FLAGS));
    const bool negated = (flags & NFT_LOOKUP_F_INV) != 0;
    if (from.field == Field::kInLink && is_of_senders(set)) {
      const Register& behind = registers_[number32_of(find_attribute(data, NFTA_LOOKUP_SREG)) + 1];
      if (behind.field != Field::kSource || behind.toggled != 0) return false;
      return keep(Match{Field::kSender, SetName{set}, negated, behind.mask});
    }
    if (is_of_pairs(set)) {
      const Register& behind = registers_[NFT_REG32_01];
      if (from.field != Field::kSource || !from.whole() || behind.field != Field::kInnerSource ||
          behind.toggled != 0) {
        return false;
      }
      return keep(Match{Field::kTunnelled, SetName{set}, negated, behind.mask});
    }
    Match match = {*from.field, SetName{set}, negated, from.mask};
    if (auto ranges = anonymous_(set)) match.value = *std::move(ranges);
    return keep(std::move(match));
  }

  bool act(const std::string& name, Bytes data) {
    if (name == "counter") return keep(Action::kCounter);
    if (name == "notrack") return keep(Action::kNotrack);
    if (name == "masq") return masquerades_plainly(data) && keep(Action::kMasquerade);
    if (name == "nat") return keeps_source(data) && keep(Action::kKeepSource);
    if (name == "meta") return change_mark(data);
    return name == "immediate" && verdict(data);
  }

  static bool masquerades_plainly(Bytes data) {
    return number32_of(find_attribute(data, NFTA_MASQ_FLAGS)) == 0 &&
           find_attribute(data, NFTA_MASQ_REG_PROTO_MIN).empty();
  }

  bool verdict(Bytes data) {
    const Bytes found =
        find_attribute(find_attribute(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
    if (found.empty()) return false;
    const std::uint32_t code = number32_of(find_attribute(found, NFTA_VERDICT_CODE));
    return keep(Verdict{static_cast<std::int32_t>(code),
                        text_of(find_attribute(found, NFTA_VERDICT_CHAIN))});
  }

  bool change_mark(Bytes data) {
    const Register& from = at(data, NFTA_META_SREG);
    return number32_of(find_attribute(data, NFTA_META_KEY)) == NFT_META_MARK &&
           from.field == Field::kMark && keep(MarkChange{from.mask, from.toggled});
  }

  bool keeps_source(Bytes data) {
    constexpr std::uint32_t kMapAddresses = 1;  // NF_NAT_RANGE_MAP_IPS of linux/netfilter/nf_nat.h
    const Register& from = at(data, NFTA_NAT_REG_ADDR_MIN);
    const std::uint32_t first = number32_of(find_attribute(data, NFTA_NAT_REG_ADDR_MIN));
    const Bytes last = find_attribute(data, NFTA_NAT_REG_ADDR_MAX);
    return number32_of(find_attribute(data, NFTA_NAT_TYPE)) == NFT_NAT_SNAT &&
           from.field == Field::kSource && from.whole() &&
           (last.empty() || number32_of(last) == first) &&
           find_attribute(data, NFTA_NAT_REG_PROTO_MIN).empty() &&
           (number32_of(find_attribute(data, NFTA_NAT_FLAGS)) & ~kMapAddresses) == 0;
  }

  bool keep(Statement statement) {
    result_.push_back(std::move(statement));
    return true;
  }

  const AnonymousSet& anonymous_;
  std::map<std::uint32_t, Register> registers_;
  Statements result_;
};

}  // namespace

Statements decode_rule(Bytes expressions, const AnonymousSet& anonymous) {
  Decoder decoder(anonymous);
  for_each_attribute(expressions, [&](const Attribute& element) {
    decoder.take(text_of(find_attribute(element.data, NFTA_EXPR_NAME)),
                 find_attribute(element.data, NFTA_EXPR_DATA));
  });
  return decoder.finish();
}

std::uint32_t mark_asked(Bytes expressions) {
  Statements rule = decode_rule(expressions, [](const auto&) { return std::nullopt; });
  std::erase(rule, Statement(Action::kCounter));
  const auto* match = rule.size() == 2 ? std::get_if<Match>(&rule.front()) : nullptr;
  return match != nullptr && *match == marked(match->mask) ? match->mask : 0;
}

}  // namespace overland::firewall::nft
