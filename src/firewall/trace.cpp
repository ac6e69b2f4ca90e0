#include "firewall/trace.h"

#include <algorithm>
#include <optional>

#include "firewall/trace_match.h"

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestJump = 16;  // NFT_JUMP_STACK_SIZE of the kernel

/// The verdict a statement stands for: {"accept": null}, {"jump": {"target": "x"}}; "" for none.
std::string verdict_of(const Json& statement) {
  for (const char* verdict : {"accept", "drop", "reject", "jump", "goto", "return"}) {
    if (statement.contains(verdict)) return verdict;
  }
  return "";
}

std::string target_of(const Json& statement, const std::string& verdict) {
  const Json& jump = statement[verdict];
  return jump.is_object() ? jump.value("target", "") : "";
}

/// What a rule does with the packet, if it applies to it.
struct Effect {
  Answer applies = Answer::kYes;
  std::string verdict;  // "accept", …; empty: none
  std::string target;   // of jump and goto
};

Effect effect_of(const Json& rule, const TracedPacket& packet) {
  Effect effect;
  for (const Json& statement : rule.value("expr", Json::array())) {
    const Json* deciding = &statement;
    std::optional<Json> chosen;
    if (statement.contains("match")) {
      effect.applies = both(effect.applies, matches(statement["match"], packet));
    } else if (statement.contains("limit") || statement.contains("xt")) {
      effect.applies = both(effect.applies, Answer::kOpen);
    } else if (statement.contains("vmap")) {
      chosen = look_up(statement["vmap"], packet);
      if (!chosen) return {Answer::kNo, "", ""};
      deciding = &*chosen;
    }
    if (effect.applies == Answer::kNo) return effect;
    effect.verdict = verdict_of(*deciding);
    if (effect.verdict.empty()) continue;
    effect.target = target_of(*deciding, effect.verdict);
    return effect;
  }
  return effect;
}

}  // namespace

TracedTable::TracedTable(const Json& objects, std::vector<std::string> trusted_chains)
    : trusted_chains_(std::move(trusted_chains)) {
  for (const Json& object : objects) {
    if (!object.contains("rule")) continue;
    rules_[object["rule"].value("chain", "")].push_back(object["rule"]);
  }
}

TraceVerdict TracedTable::walk(const std::string& chain, const TracedPacket& packet) const {
  return walk(chain, packet, 0);
}

TraceVerdict TracedTable::walk(const std::string& chain, const TracedPacket& packet,
                               int depth) const {
  const auto found = rules_.find(chain);
  if (depth > kDeepestJump || found == rules_.end()) return {};
  for (const Json& rule : found->second) {
    const Effect effect = effect_of(rule, packet);
    if (effect.applies == Answer::kNo || effect.applies == Answer::kOpen) continue;
    const bool certain = effect.applies == Answer::kYes;
    if (effect.verdict == "accept") return {Fate::kAccepted, chain, 0};
    if (effect.verdict == "return" && certain) return {};
    if (certain && (effect.verdict == "drop" || effect.verdict == "reject")) {
      return {Fate::kDropped, chain, rule.value("handle", std::uint64_t{0})};
    }
    if (effect.verdict != "jump" && effect.verdict != "goto") continue;
    if (std::find(trusted_chains_.begin(), trusted_chains_.end(), effect.target) !=
        trusted_chains_.end()) {
      return {Fate::kAccepted, chain, 0};
    }
    const TraceVerdict there = walk(effect.target, packet, depth + 1);
    if (there.fate == Fate::kAccepted || (certain && there.fate == Fate::kDropped)) return there;
    if (effect.verdict == "goto" && certain) return {};
  }
  return {};
}

}  // namespace overland::firewall
