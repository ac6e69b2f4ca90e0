#include "plan/reverse.h"

#include <optional>

namespace overland::plan {
namespace {

struct Reverser {
  template <typename T>
  std::optional<Step> operator()(const Change<T>& step) const {
    return Change<T>{step.to, step.from};
  }
  std::optional<Step> operator()(const FirewallStep& step) const {
    return FirewallStep{step.to, step.from};
  }
  std::optional<Step> operator()(const SysctlStep& step) const {
    if (!step.from) return std::nullopt;
    return SysctlStep{step.to, step.from};
  }
  std::optional<Step> operator()(const AdoptStep&) const { return std::nullopt; }
  std::optional<Step> operator()(const RestartDockerStep&) const { return std::nullopt; }
};

}  // namespace

std::vector<Step> reverse(const std::vector<Step>& steps) {
  std::vector<Step> back;
  back.reserve(steps.size());
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (auto undone = std::visit(Reverser{}, *step)) back.push_back(std::move(*undone));
  }
  return back;
}

}  // namespace overland::plan
