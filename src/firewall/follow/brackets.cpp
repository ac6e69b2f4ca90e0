#include "firewall/follow/brackets.h"

#include <array>
#include <limits>

namespace overland::firewall::follow {
namespace {

struct LegacyChain {
  const char* table;
  const char* chain;
  At hook;
  std::int32_t priority;  // NF_IP_PRI_… of linux/netfilter_ipv4.h
};

constexpr std::array<LegacyChain, 13> kLegacyChains = {{
    {"raw", "PREROUTING", At::kPrerouting, -300},
    {"mangle", "PREROUTING", At::kPrerouting, -150},
    {"mangle", "INPUT", At::kInput, -150},
    {"filter", "INPUT", At::kInput, 0},
    {"security", "INPUT", At::kInput, 50},
    {"mangle", "FORWARD", At::kForward, -150},
    {"filter", "FORWARD", At::kForward, 0},
    {"security", "FORWARD", At::kForward, 50},
    {"raw", "OUTPUT", At::kOutput, -300},
    {"mangle", "OUTPUT", At::kOutput, -150},
    {"filter", "OUTPUT", At::kOutput, 0},
    {"security", "OUTPUT", At::kOutput, 50},
    {"mangle", "POSTROUTING", At::kPostrouting, -150},
}};

}  // namespace

const std::set<std::string>& dropping_tables() {
  static const std::set<std::string> names = {"raw", "mangle", "filter", "security"};
  return names;
}

std::vector<Bracket> brackets(const std::set<std::string>& legacy) {
  constexpr std::int32_t kBegin = -450;  // before NF_IP_PRI_CONNTRACK_DEFRAG
  constexpr std::int32_t kFirst = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();
  std::vector<Bracket> result = {{"arrived", At::kPrerouting, kBegin, true},
                                 {"sent", At::kOutput, kBegin, true},
                                 {kRouting, At::kPrerouting, kLast},
                                 {"delivered", At::kInput, kFirst},
                                 {"forwarded", At::kForward, kFirst}};
  for (const LegacyChain& one : kLegacyChains) {
    if (!legacy.contains(one.table)) continue;
    const std::string name = std::string(one.table) + "-" + one.chain;
    result.push_back({"before-" + name, one.hook, one.priority - 1, false, one.table, one.chain});
    result.push_back({"after-" + name, one.hook, one.priority + 1, false});
  }
  return result;
}

}  // namespace overland::firewall::follow
