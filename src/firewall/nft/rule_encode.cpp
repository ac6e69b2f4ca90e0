#include "firewall/nft/rule_encode.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cerrno>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "firewall/nft/fields.h"
#include "firewall/nft/numbers.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint32_t kRegister = NFT_REG_1;  // 16 bytes: the longest we load, a link's name
constexpr std::uint32_t kNextRegister = NFT_REG_2;
constexpr std::uint32_t kNextWord = NFT_REG32_01;

using Word = std::array<std::uint8_t, 4>;

/// As it lies in a register: addresses in network order, marks and states in the host's.
Word word_of(Field field, std::uint32_t number) {
  if (const auto size = short_number(field); size != 0) number = htonl(number << 8U * (4U - size));
  return std::bit_cast<Word>(is_address(field) ? htonl(number) : number);
}

/// In bytes, of numbers.
std::uint32_t size_of(Field field) {
  const std::uint32_t size = short_number(field);
  return size != 0 ? size : sizeof(Word);
}

class Encoder {
 public:
  Encoder(nftnl_rule& rule, const MakeAnonymous& anonymous) : rule_(rule), anonymous_(anonymous) {}

  void operator()(const Match& match) {
    if (match.field == Field::kSender) return among_senders(match);
    if (match.field == Field::kTunnelled) return among_pairs(match);
    load(match.field);
    if (match.mask != UINT32_MAX) bitwise(match.field, match.mask, 0);
    if (const auto* set = std::get_if<SetName>(&match.value)) {
      look_up(set->name, match.negated);
    } else if (const auto* name = std::get_if<std::string>(&match.value)) {
      if (match.field == Field::kRoutedTo && name->ends_with('*')) {
        compare(match, name->data(), name->size() - 1);
        return;
      }
      std::array<char, kLinkNameSize> link = {};
      name->copy(link.data(), link.size() - 1);
      compare(match, link);
    } else if (match.field == Field::kProtocol) {
      const auto type = htons(static_cast<std::uint16_t>(std::get<std::uint32_t>(match.value)));
      compare(match, &type, sizeof type);
    } else if (const auto* number = std::get_if<std::uint32_t>(&match.value)) {
      compare(match, word_of(match.field, *number).data(), size_of(match.field));
    } else {
      among(match, std::get<std::vector<Range>>(match.value));
    }
  }

  void operator()(const MarkChange& change) {
    load(Field::kMark);
    bitwise(Field::kMark, change.kept, change.toggled);
    nftnl_expr& made = add("meta");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_KEY, NFT_META_MARK);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_META_SREG, kRegister);
  }

  void operator()(const Verdict& verdict) {
    nftnl_expr& made = add("immediate");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(verdict.code));
    if (verdict.chain.empty()) return;
    ::nftnl_expr_set_str(&made, NFTNL_EXPR_IMM_CHAIN, verdict.chain.c_str());
  }

  void operator()(Action action) {
    switch (action) {
      case Action::kCounter:
        add("counter");
        break;
      case Action::kNotrack:
        add("notrack");
        break;
      case Action::kMasquerade:
        add("masq");
        break;
      case Action::kNotFromThere:
        load_route(NFT_FIB_RESULT_OIF, kRouteBack);
        compare({}, Word{});
        break;
      case Action::kFromItsOwn:
        load_route(NFT_FIB_RESULT_OIF, kSourceBack);
        compare({}, Word{1});
        break;
      case Action::kForThisHost:
        load_route(NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR);
        compare({}, std::bit_cast<Word>(std::uint32_t{RTN_LOCAL}));
        break;
      case Action::kKeepSource:
        load(Field::kSource);
        nftnl_expr& made = add("nat");
        ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_TYPE, NFT_NAT_SNAT);
        ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_FAMILY, AF_INET);
        ::nftnl_expr_set_u32(&made, NFTNL_EXPR_NAT_REG_ADDR_MIN, kRegister);
        break;
    }
  }

  void operator()(const Unknown& unknown) {
    throw std::logic_error("no rule of ours has a " + unknown.expression);
  }

 private:
  nftnl_expr& add(const char* name) {
    nftnl_expr* made = ::nftnl_expr_alloc(name);
    if (made == nullptr) base::throw_errno("cannot make an nf_tables expression", ENOMEM);
    ::nftnl_rule_add_expr(&rule_, made);
    return *made;
  }

  void load(Field field) {
    switch (field) {
      case Field::kMark:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_MARK);
      case Field::kSocketUser:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_SKUID);
      case Field::kInLink:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_IIFNAME);
      case Field::kOutLink:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_OIFNAME);
      case Field::kInKind:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_IIFKIND);
      case Field::kOutKind:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_OIFKIND);
      case Field::kProtocol:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_PROTOCOL);
      case Field::kRoutedTo:
        return load_route(NFT_FIB_RESULT_OIFNAME, NFTA_FIB_F_DADDR);
      case Field::kTransport:
        return load("meta", NFTNL_EXPR_META_DREG, NFTNL_EXPR_META_KEY, NFT_META_L4PROTO);
      case Field::kDestinationPort:
      case Field::kVni:
      case Field::kInnerKind:
      case Field::kInnerSource:
      case Field::kIcmpError:
      case Field::kQuotedHead:
      case Field::kQuotedTransport:
      case Field::kQuotedKind:
      case Field::kQuotedPort:
        return load_behind(field);
      case Field::kSender:
      case Field::kTunnelled:
        throw std::logic_error("a pair is more than is loaded at once");
      case Field::kState:
        return load("ct", NFTNL_EXPR_CT_DREG, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
      case Field::kSource:
        return load_address(kSourceOffset);
      case Field::kDestination:
        return load_address(kDestinationOffset);
      case Field::kArpKind:
        return load_address(kArpKindOffset);
      case Field::kArpSource:
        return load_address(kArpSourceOffset);
      case Field::kArpTarget:
        return load_address(kArpTargetOffset);
    }
  }

  void load(const char* name, std::uint16_t target, std::uint16_t key, std::uint32_t value) {
    nftnl_expr& made = add(name);
    ::nftnl_expr_set_u32(&made, target, kRegister);
    ::nftnl_expr_set_u32(&made, key, value);
  }

  void load_route(std::uint32_t result, std::uint32_t flags) {
    nftnl_expr& made = add("fib");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_FIB_DREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_FIB_RESULT, result);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_FIB_FLAGS, flags);
  }

  /// The link's name and, in the register behind it, the masked source are one key.
  void among_senders(const Match& match) {
    load(Field::kInLink);
    load_address(kSourceOffset, kNextRegister);
    if (match.mask != UINT32_MAX) bitwise(Field::kSource, match.mask, 0, kNextRegister);
    look_up(std::get<SetName>(match.value).name, match.negated);
  }

  /// The source and, in the word behind it, the masked one of the packet within are one key.
  void among_pairs(const Match& match) {
    load_address(kSourceOffset);
    load_behind(Field::kInnerSource, kNextWord);
    if (match.mask != UINT32_MAX) bitwise(Field::kInnerSource, match.mask, 0, kNextWord);
    look_up(std::get<SetName>(match.value).name, match.negated);
  }

  void load_address(std::uint32_t offset, std::uint32_t to = kRegister) {
    load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof(Word), to);
  }

  /// What is behind the network header.
  void load_behind(Field field, std::uint32_t to = kRegister) {
    load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, transport_offset(field), size_of(field), to);
  }

  void load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size,
                    std::uint32_t to) {
    nftnl_expr& made = add("payload");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_DREG, to);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_BASE, base);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_PAYLOAD_LEN, size);
  }

  /// register = (register & kept) ^ toggled
  void bitwise(Field field, std::uint32_t kept, std::uint32_t toggled,
               std::uint32_t in = kRegister) {
    const Word mask = word_of(field, kept);
    const Word change = word_of(field, toggled);
    nftnl_expr& made = add("bitwise");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_SREG, in);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_DREG, in);
    const std::uint32_t size = size_of(field);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_BITWISE_LEN, size);
    ::nftnl_expr_set(&made, NFTNL_EXPR_BITWISE_MASK, mask.data(), size);
    ::nftnl_expr_set(&made, NFTNL_EXPR_BITWISE_XOR, change.data(), size);
  }

  template <typename Value>
  void compare(const Match& match, const Value& value) {
    compare(match, value.data(), sizeof value);
  }
  void compare(const Match& match, const void* value, std::size_t size) {
    nftnl_expr& made = add("cmp");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CMP_SREG, kRegister);
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_CMP_OP, match.negated ? NFT_CMP_NEQ : NFT_CMP_EQ);
    ::nftnl_expr_set(&made, NFTNL_EXPR_CMP_DATA, value, static_cast<std::uint32_t>(size));
  }

  /// A single range is a prefix.
  void among(const Match& match, const std::vector<Range>& ranges) {
    if (ranges.size() != 1) {
      const std::uint32_t id = anonymous_(ranges);
      ::nftnl_expr_set_u32(&look_up(kAnonymousName, match.negated), NFTNL_EXPR_LOOKUP_SET_ID, id);
      return;
    }
    const Range& range = ranges.front();
    const std::uint32_t host_bits = range.first ^ range.last;
    if (host_bits != 0) bitwise(match.field, ~host_bits, 0);
    compare(match, word_of(match.field, range.first));
  }

  nftnl_expr& look_up(const std::string& set, bool negated) {
    nftnl_expr& made = add("lookup");
    ::nftnl_expr_set_u32(&made, NFTNL_EXPR_LOOKUP_SREG, kRegister);
    ::nftnl_expr_set_str(&made, NFTNL_EXPR_LOOKUP_SET, set.c_str());
    if (negated) ::nftnl_expr_set_u32(&made, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    return made;
  }

  nftnl_rule& rule_;
  const MakeAnonymous& anonymous_;
};

}  // namespace

void encode_rule(nftnl_rule& rule, const Statements& statements, const MakeAnonymous& anonymous) {
  Encoder encoder(rule, anonymous);
  for (const Statement& statement : statements) std::visit(encoder, statement);
}

}  // namespace overland::firewall::nft
