#include "firewall/iptc_rule.h"

#include <array>
#include <cstdio>

namespace overland::firewall::iptc {
namespace {

std::string bits_text(const MarkBits& bits) {
  std::array<char, 32> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), "0x%x/0x%x", bits.value, bits.mask);
  return buffer.data();
}

std::string target_text(const Target& target) {
  switch (target.verdict) {
    case Verdict::kAccept:
      return "-j ACCEPT";
    case Verdict::kReturn:
      return "-j RETURN";
    case Verdict::kJump:
      return "-j " + target.chain;
    case Verdict::kGoto:
      return "-g " + target.chain;
    case Verdict::kSetMark:
      return "-j MARK --set-xmark " + bits_text(target.bits);
    case Verdict::kNoTrack:
      return "-j CT --notrack";
    case Verdict::kMasquerade:
      return "-j MASQUERADE";
  }
  return {};
}

}  // namespace

const char* table_name(Table table) {
  switch (table) {
    case Table::kNat:
      return "nat";
    case Table::kFilter:
      return "filter";
    case Table::kRaw:
      break;
  }
  return "raw";
}

std::string to_string(const Rule& rule) {
  std::string text;
  if (rule.source) text += "-s " + rule.source->to_string() + " ";
  if (rule.destination) text += "-d " + rule.destination->to_string() + " ";
  if (!rule.in.empty()) text += "-i " + rule.in + " ";
  if (!rule.out.empty()) text += "-o " + rule.out + " ";
  if (rule.mark) text += "-m mark --mark " + bits_text(*rule.mark) + " ";
  if (rule.replies) text += "-m conntrack --ctstate RELATED,ESTABLISHED ";
  for (const SetMatch& set : rule.sets) {
    text += "-m set --match-set " + set.name;
    text += set.field == SetField::kSource ? " src " : " dst ";
  }
  return text + target_text(rule.target);
}

}  // namespace overland::firewall::iptc
