#include "firewall/trace/rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <optional>

#include "firewall/trace/match.h"
#include "firewall/trace/target.h"

namespace overland::firewall::trace {
namespace {

constexpr std::size_t kRegisterBytes = 64;

Bytes value_of(Bytes data, std::uint16_t attribute) {
  return find_attribute(find_attribute(data, attribute), NFTA_DATA_VALUE);
}

std::uint32_t number_of(Bytes data, std::uint16_t attribute) {
  return number32_of(find_attribute(data, attribute));
}

/// nullopt for what leaves the packet where it is: continue, break.
std::optional<Branch> branch_of(Bytes verdict, Answer applies) {
  const auto code = static_cast<std::int32_t>(number_of(verdict, NFTA_VERDICT_CODE));
  const std::string target = text_of(find_attribute(verdict, NFTA_VERDICT_CHAIN));
  switch (code) {
    case NF_ACCEPT:
      return Branch{applies, Verdict::kAccept, ""};
    case NF_DROP:
      return Branch{applies, Verdict::kDrop, ""};
    case NFT_RETURN:
      return Branch{applies, Verdict::kReturn, ""};
    case NFT_JUMP:
      return Branch{applies, Verdict::kJump, target};
    case NFT_GOTO:
      return Branch{applies, Verdict::kGoto, target};
    case NFT_CONTINUE:
    case NFT_BREAK:
      return std::nullopt;
    default:  // a program decides
      return Branch{both(applies, Answer::kMaybe), Verdict::kDrop, ""};
  }
}

class RuleTrace {
 public:
  RuleTrace(TraceTable& table, PacketState& state) : table_(table), state_(state) { forget(); }

  /// False where nothing after this expression counts.
  bool take(const std::string& name, Bytes data) {
    if (name == "immediate") return immediate(data);
    // Sent elsewhere is gone from here; "tproxy" hands over what is for this host.
    if (name == "reject" || name == "fwd") return decide({applies_, Verdict::kDrop, ""});
    if (name == "queue" || (name == "tproxy" && state_.packet.outer != 0))
      return decide({both(applies_, Answer::kMaybe), Verdict::kDrop, ""});
    if (name == "lookup") return look_up(data);
    if (name == "target") return target(data);
    if (name == "masq" || (name == "nat" && number_of(data, NFTA_NAT_TYPE) == NFT_NAT_SNAT)) {
      return decide({applies_, Verdict::kTranslate, ""});
    }
    if (name == "cmp") {
      require(compare(data));
    } else if (name == "range") {
      const Answer inside =
          within(at(number_of(data, NFTA_RANGE_SREG)), value_of(data, NFTA_RANGE_FROM_DATA),
                 value_of(data, NFTA_RANGE_TO_DATA));
      require(number_of(data, NFTA_RANGE_OP) == NFT_RANGE_NEQ ? opposite(inside) : inside);
    } else if (name == "match") {
      require(extension_matches(data, state_));
    } else if (!load(name, data) && !goes_on(name, data)) {
      // Whatever it loads, or asks for.
      forget();
      require(Answer::kMaybe);
    }
    return applies_ != Answer::kNo;
  }

  std::vector<Branch> finish() { return std::move(branches_); }

 private:
  /// Registers are 16 words; the old ones 1 to 4 are four of them each.
  static std::size_t offset_of(std::uint32_t number) {
    if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
      return std::size_t{4} * (number - NFT_REG32_00);
    if (number >= NFT_REG_1 && number <= NFT_REG_4) return std::size_t{16} * (number - NFT_REG_1);
    return kRegisterBytes;
  }

  /// From that register to the end of all.
  [[nodiscard]] TraceBytes at(std::uint32_t number) const {
    return {registers_.begin() + static_cast<std::ptrdiff_t>(offset_of(number)), registers_.end()};
  }

  void store(std::uint32_t number, const TraceBytes& bytes) {
    const std::size_t offset = offset_of(number);
    const std::size_t size = std::min(bytes.size(), kRegisterBytes - offset);
    std::copy_n(bytes.begin(), size, registers_.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  void forget() { registers_ = unknown_bytes(kRegisterBytes, Answer::kMaybe); }
  void require(Answer answer) {
    applies_ = both(applies_, answer);
    state_.guessed = state_.guessed || answer == Answer::kMaybe || answer == Answer::kUnsure;
  }

  bool decide(Branch branch) {
    branches_.push_back(std::move(branch));
    return false;
  }

  bool immediate(Bytes data) {
    const Bytes what = find_attribute(data, NFTA_IMMEDIATE_DATA);
    const Bytes verdict = find_attribute(what, NFTA_DATA_VERDICT);
    if (verdict.empty()) {
      store(number_of(data, NFTA_IMMEDIATE_DREG),
            known_bytes(find_attribute(what, NFTA_DATA_VALUE)));
      return true;
    }
    if (auto branch = branch_of(verdict, applies_)) branches_.push_back(std::move(*branch));
    return false;
  }

  [[nodiscard]] Answer compare(Bytes data) const {
    const TraceBytes value = at(number_of(data, NFTA_CMP_SREG));
    const Bytes with = value_of(data, NFTA_CMP_DATA);
    const std::vector<std::uint8_t> least(with.size(), 0);
    const std::vector<std::uint8_t> most(with.size(), 0xff);
    switch (number_of(data, NFTA_CMP_OP)) {
      case NFT_CMP_EQ:
        return equals(value, with);
      case NFT_CMP_NEQ:
        return opposite(equals(value, with));
      case NFT_CMP_LT:
        return opposite(within(value, with, most));
      case NFT_CMP_LTE:
        return within(value, least, with);
      case NFT_CMP_GT:
        return opposite(within(value, least, with));
      case NFT_CMP_GTE:
        return within(value, with, most);
      default:
        return Answer::kMaybe;
    }
  }

  bool load(const std::string& name, Bytes data) {
    if (name == "meta") {
      const Bytes to = find_attribute(data, NFTA_META_DREG);
      if (to.empty()) return set_meta(data);
      load_meta(number32_of(to), number_of(data, NFTA_META_KEY));
    } else if (name == "ct") {
      load_connection(data);
    } else if (name == "payload") {
      load_payload(data);
    } else if (name == "bitwise") {
      store(number_of(data, NFTA_BITWISE_DREG), masked(data));
    } else if (name == "byteorder") {
      store(number_of(data, NFTA_BYTEORDER_DREG), swapped(data));
    } else {
      return false;
    }
    return true;
  }

  bool set_meta(Bytes data) {
    if (number_of(data, NFTA_META_KEY) == NFT_META_MARK) {
      set(state_.mark, number_of(data, NFTA_META_SREG));
    }
    return true;
  }

  /// What is around a tunnel's packets is the kernel's own: a rule about its socket ends there.
  void load_meta(std::uint32_t to, std::uint32_t key) {
    if (state_.packet.outer != 0 && asks_for_socket(key)) return require(Answer::kNo);
    store(to, meta_of(state_, key));
  }

  void set(TraceBytes& mark, std::uint32_t from) const {
    TraceBytes now = at(from);
    now.resize(mark.size(), {0, 0, Answer::kMaybe});
    mark = either(mark, now, both(state_.reached, applies_));
  }

  /// Before connection tracking has seen a packet there is nothing to be asked but the state.
  void load_connection(Bytes data) {
    const std::uint32_t key = number_of(data, NFTA_CT_KEY);
    const Bytes to = find_attribute(data, NFTA_CT_DREG);
    if (!state_.tracked && key != NFT_CT_STATE) return require(Answer::kNo);
    if (!to.empty()) return store(number32_of(to), connection_of(state_, key));
    if (key == NFT_CT_MARK) set(state_.connection_mark, number_of(data, NFTA_CT_SREG));
  }

  bool target(Bytes data) {
    switch (follow_target(data, both(state_.reached, applies_), state_)) {
      case TargetDoes::kGoesOn:
        return true;
      case TargetDoes::kDrops:
        return decide({applies_, Verdict::kDrop, ""});
      case TargetDoes::kMayDrop:
        return decide({both(applies_, Answer::kMaybe), Verdict::kDrop, ""});
      case TargetDoes::kTranslates:
        break;
    }
    return decide({applies_, Verdict::kTranslate, ""});
  }

  void load_payload(Bytes data) {
    const Bytes to = find_attribute(data, NFTA_PAYLOAD_DREG);
    if (to.empty()) return;
    const std::uint32_t size = number_of(data, NFTA_PAYLOAD_LEN);
    const std::uint32_t offset = number_of(data, NFTA_PAYLOAD_OFFSET);
    const std::uint32_t base = number_of(data, NFTA_PAYLOAD_BASE);
    store(number32_of(to), payload_of(state_.packet, base, offset, size));
  }

  [[nodiscard]] TraceBytes masked(Bytes data) const {
    TraceBytes value = at(number_of(data, NFTA_BITWISE_SREG));
    const Bytes mask = value_of(data, NFTA_BITWISE_MASK);
    const Bytes toggled = value_of(data, NFTA_BITWISE_XOR);
    const std::size_t size = number_of(data, NFTA_BITWISE_LEN);
    if (number_of(data, NFTA_BITWISE_OP) != NFT_BITWISE_BOOL || mask.size() != size ||
        toggled.size() != size || value.size() < size) {
      return unknown_bytes(std::min(size, kRegisterBytes), Answer::kMaybe);
    }
    return changed_bits(std::move(value), mask, toggled);
  }

  [[nodiscard]] TraceBytes swapped(Bytes data) const {
    TraceBytes value = at(number_of(data, NFTA_BYTEORDER_SREG));
    const std::size_t width = number_of(data, NFTA_BYTEORDER_SIZE);
    value.resize(std::min<std::size_t>(value.size(), number_of(data, NFTA_BYTEORDER_LEN)));
    for (std::size_t i = 0; width != 0 && i + width <= value.size(); i += width) {
      const auto start = value.begin() + static_cast<std::ptrdiff_t>(i);
      std::reverse(start, start + static_cast<std::ptrdiff_t>(width));
    }
    return value;
  }

  bool look_up(Bytes data) {
    const auto* elements = table_.elements(text_of(find_attribute(data, NFTA_LOOKUP_SET)));
    const TraceBytes key = at(number_of(data, NFTA_LOOKUP_SREG));
    const Bytes to = find_attribute(data, NFTA_LOOKUP_DREG);
    Answer found = elements == nullptr ? Answer::kMaybe : Answer::kNo;
    Candidates candidates;
    if (elements != nullptr) found = find_elements(*elements, key, candidates);
    if (to.empty()) {
      const bool inverted = (number_of(data, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0;
      require(inverted ? opposite(found) : found);
      return applies_ != Answer::kNo;
    }
    return number32_of(to) == NFT_REG_VERDICT ? map_verdict(candidates)
                                              : map_data(candidates, found, number32_of(to));
  }

  bool map_verdict(const Candidates& candidates) {
    for (const auto& [here, element] : candidates) {
      const Bytes verdict = find_attribute(element->data, NFTA_DATA_VERDICT);
      if (auto branch = branch_of(verdict, both(applies_, here))) {
        branches_.push_back(std::move(*branch));
      }
    }
    return false;
  }

  bool map_data(const Candidates& candidates, Answer found, std::uint32_t to) {
    require(found);
    const bool one = candidates.size() == 1 && found == Answer::kYes;
    store(to, one ? known_bytes(find_attribute(candidates.front().second->data, NFTA_DATA_VALUE))
                  : unknown_bytes(kRegisterBytes, Answer::kMaybe));
    return applies_ != Answer::kNo;
  }

  TraceTable& table_;
  PacketState& state_;
  TraceBytes registers_;
  Answer applies_ = Answer::kYes;
  std::vector<Branch> branches_;
};

}  // namespace

std::vector<Branch> follow_rule(Bytes expressions, TraceTable& table, PacketState& state) {
  RuleTrace rule(table, state);
  bool goes_on = true;
  for_each_attribute(expressions, [&](const Attribute& element) {
    goes_on = goes_on && rule.take(text_of(find_attribute(element.data, NFTA_EXPR_NAME)),
                                   find_attribute(element.data, NFTA_EXPR_DATA));
  });
  return rule.finish();
}

}  // namespace overland::firewall::trace
