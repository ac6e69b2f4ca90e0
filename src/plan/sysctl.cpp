// Kernel parameters: never removed, only set.

#include "plan/nouns.h"

namespace overland::plan {

void plan_sysctls(const Look& look, Plan& plan) {
  const auto& actual = look.observed.state.sysctls;
  for (const auto& wanted : look.desired.sysctls) {
    const bool waits = look.options.hold_forwarding && wanted.key == model::kIpForward;
    auto& steps = waits ? plan.held : plan.steps;
    const auto now = std::find_if(actual.begin(), actual.end(),
                                  [&](const auto& one) { return one.key == wanted.key; });
    if (now == actual.end()) {
      steps.emplace_back(SysctlStep{std::nullopt, wanted});
    } else if (now->value != wanted.value) {
      steps.emplace_back(SysctlStep{*now, wanted});
    }
  }
}

Words words_of(const SysctlStep& step) {
  return {"sysctl " + step.to->key,
          (step.from ? step.from->value : "not there") + " -> " + step.to->value};
}

std::optional<Step> reverse(const SysctlStep& step) {
  if (!step.from) return std::nullopt;
  return SysctlStep{step.to, step.from};
}

}  // namespace overland::plan
