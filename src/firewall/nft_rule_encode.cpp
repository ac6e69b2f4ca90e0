#include "firewall/nft_rule_encode.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "firewall/nft_ranges.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kRegister = NFT_REG_1;  // 16 bytes: the longest we load, a link's name
constexpr std::size_t kLinkNameSize = 16;       // IFNAMSIZ of linux/if.h

/// What a match compares, as it lies in the register.
struct Loaded {
  std::size_t size = 0;
  bool number = false;  // in host order, as marks and states are
  bool link = false;
};

[[noreturn]] void unknown(const Json& expression) {
  throw std::logic_error("no rule of ours: " +
                         expression.dump(-1, ' ', true, Json::error_handler_t::replace));
}

std::array<std::uint8_t, 4> network_order(std::uint32_t number) {
  const std::uint32_t swapped = htonl(number);
  std::array<std::uint8_t, 4> bytes = {};
  std::memcpy(bytes.data(), &swapped, sizeof swapped);
  return bytes;
}

class Encoder {
 public:
  Encoder(nftnl_rule& rule, const MakeAnonymous& anonymous) : rule_(rule), anonymous_(anonymous) {}

  void take(const Json& expression) {
    const std::string& name = expression.begin().key();
    const Json& body = expression.begin().value();
    if (name == "match") {
      match(body);
    } else if (name == "mangle") {
      set_mark(body);
    } else if (name == "snat") {
      keep_source(body);
    } else if (name == "counter" || name == "notrack") {
      add(name.c_str());
    } else if (name == "masquerade") {
      add("masq");
    } else if (name == "accept") {
      verdict(NF_ACCEPT);
    } else if (name == "jump") {
      verdict(NFT_JUMP, body.at("target").get<std::string>());
    } else {
      unknown(expression);
    }
  }

 private:
  nftnl_expr& add(const char* name) {
    nftnl_expr* made = ::nftnl_expr_alloc(name);
    if (made == nullptr) base::throw_errno("cannot make an nf_tables expression", ENOMEM);
    ::nftnl_rule_add_expr(&rule_, made);
    return *made;
  }

  void verdict(int code, const std::string& chain = "") {
    nftnl_expr& made = add("immediate");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(code));
    if (!chain.empty()) ::nftnl_expr_set_str(&made, NFTNL_EXPR_IMM_CHAIN, chain.c_str());
  }

  Loaded load(const Json& left) {
    if (left.contains("payload")) return load_address(left.at("payload").at("field"));
    if (left.contains("meta")) return load_meta(left.at("meta").at("key"));
    if (left.contains("ct")) {
      nftnl_expr& made = add("ct");
      ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CT_DREG, kRegister);
      ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
      return {sizeof(std::uint32_t), true, false};
    }
    if (!left.contains("&")) unknown(left);
    const Loaded loaded = load(left.at("&").at(0));
    const Json& mask = left.at("&").at(1);
    if (loaded.number) {
      const auto bits = mask.get<std::uint32_t>();
      bitwise(&bits, nullptr);
    } else {
      const auto bits = network_order(range_of(mask).value().first);
      bitwise(bits.data(), nullptr);
    }
    return loaded;
  }

  Loaded load_address(const std::string& field) {
    constexpr std::uint32_t kSource = 12;  // of struct iphdr, linux/ip.h
    constexpr std::uint32_t kDestination = 16;
    nftnl_expr& made = add("payload");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_DREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_OFFSET,
                         field == "saddr" ? kSource : kDestination);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_LEN, sizeof(std::uint32_t));
    return {sizeof(std::uint32_t), false, false};
  }

  Loaded load_meta(const std::string& key) {
    nftnl_expr& made = add("meta");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_DREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_KEY,
                         key == "mark"      ? NFT_META_MARK
                         : key == "iifname" ? NFT_META_IIFNAME
                                            : NFT_META_OIFNAME);
    if (key == "mark") return {sizeof(std::uint32_t), true, false};
    return {kLinkNameSize, false, true};
  }

  /// register = (register & mask) ^ toggled, four bytes each; no `toggled` is none.
  void bitwise(const void* mask, const std::uint32_t* toggled) {
    const std::uint32_t none = 0;
    nftnl_expr& made = add("bitwise");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_SREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_DREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_LEN, sizeof none);
    ::nftnl_expr_set(&made, NFTNL_EXPR_BITWISE_MASK, mask, sizeof none);
    ::nftnl_expr_set(&made, NFTNL_EXPR_BITWISE_XOR, toggled == nullptr ? &none : toggled,
                     sizeof none);
  }

  void compare(std::uint32_t op, const void* value, std::size_t size) {
    nftnl_expr& made = add("cmp");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CMP_SREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CMP_OP, op);
    ::nftnl_expr_set(&made, NFTNL_EXPR_CMP_DATA, value, static_cast<std::uint32_t>(size));
  }

  void match(const Json& body) {
    const Loaded loaded = load(body.at("left"));
    const Json& right = body.at("right");
    const std::string& op = body.at("op").get_ref<const std::string&>();
    if (op == "in") return match_states();
    const bool inverted = op == "!=";
    const std::uint32_t compared = inverted ? NFT_CMP_NEQ : NFT_CMP_EQ;
    if (loaded.number) {
      const auto value = right.get<std::uint32_t>();
      return compare(compared, &value, sizeof value);
    }
    if (right.is_string() && right.get_ref<const std::string&>().starts_with("@")) {
      return look_up(right.get_ref<const std::string&>().substr(1), inverted, nullptr);
    }
    if (loaded.link) {
      std::array<char, kLinkNameSize> name = {};
      right.get_ref<const std::string&>().copy(name.data(), name.size() - 1);
      return compare(compared, name.data(), name.size());
    }
    if (right.contains("set")) {
      std::vector<NftRange> ranges;
      for (const Json& element : right.at("set")) ranges.push_back(range_of(element).value());
      const std::uint32_t id = anonymous_(ranges);
      return look_up(kAnonymousName, inverted, &id);
    }
    const NftRange range = range_of(right).value();
    const std::uint32_t host_bits = range.first ^ range.last;
    if (host_bits != 0) bitwise(network_order(~host_bits).data(), nullptr);
    compare(compared, network_order(range.first).data(), sizeof range.first);
  }

  /// Established or related: any of these bits.
  void match_states() {
    constexpr std::uint32_t kEstablished = 2;  // NF_CT_STATE_BIT of nf_conntrack_common.h
    constexpr std::uint32_t kRelated = 4;
    const std::uint32_t states = kEstablished | kRelated;
    const std::uint32_t none = 0;
    bitwise(&states, nullptr);
    compare(NFT_CMP_NEQ, &none, sizeof none);
  }

  void look_up(const std::string& set, bool inverted, const std::uint32_t* id) {
    nftnl_expr& made = add("lookup");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_LOOKUP_SREG, kRegister);
    ::nftnl_expr_set_str(&made, NFTNL_EXPR_LOOKUP_SET, set.c_str());
    if (id != nullptr) ::nftnl_expr_set_u32(&made, NFTNL_EXPR_LOOKUP_SET_ID, *id);
    if (inverted) ::nftnl_expr_set_u32(&made, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  }

  /// Or: the bits cleared, then toggled. And: only a mask.
  void set_mark(const Json& body) {
    const Json& value = body.at("value");
    const Json& operands = value.begin().value();
    const auto bits = operands.at(1).get<std::uint32_t>();
    load(operands.at(0));
    const bool sets = value.begin().key() == "|";
    const std::uint32_t kept = sets ? ~bits : bits;
    bitwise(&kept, sets ? &bits : nullptr);
    nftnl_expr& made = add("meta");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_KEY, NFT_META_MARK);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_SREG, kRegister);
  }

  void keep_source(const Json& body) {
    load(body.at("addr"));
    nftnl_expr& made = add("nat");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_TYPE, NFT_NAT_SNAT);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_FAMILY, AF_INET);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_REG_ADDR_MIN, kRegister);
  }

  nftnl_rule& rule_;
  const MakeAnonymous& anonymous_;
};

}  // namespace

void encode_rule(nftnl_rule& rule, const Json& expressions, const MakeAnonymous& anonymous) {
  Encoder encoder(rule, anonymous);
  for (const Json& expression : expressions) encoder.take(expression);
}

}  // namespace overland::firewall
