#include "fleet/roll_out.h"

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "fleet/look.h"
#include "fleet/script.h"
#include "fleet/waves.h"

namespace overland::fleet {
namespace {

[[noreturn]] void refuse(HostResult& result, int exit_code, const std::string& why) {
  result.exit_code = std::max(result.exit_code, exit_code);
  throw base::Error(base::ErrorKind::kInvalid, why);
}

std::string text_of(const Parts& parts, const char* name) {
  const auto part = parts.find(name);
  if (part == parts.end()) return {};
  std::string text(part->second.text);
  text.erase(text.find_last_not_of(" \n") + 1);
  text.erase(0, text.find_first_not_of(" \n"));
  return text;
}

/// Numbers and nothing else, since it goes back into a script.
bool is_sum(const std::string& text) {
  constexpr std::size_t kLongest = 40;
  return text == "none" || (!text.empty() && text.size() <= kLongest &&
                            text.find_first_not_of("0123456789 ") == std::string::npos);
}

/// Its state is told only where there is one: a host may have a broken file, or none yet.
void read_standing(HostResult& result, const Parts& parts, const Offer& offer) {
  if (text_of(parts, "status").empty()) return;
  result.status = status_told(text_of(parts, "status"));
  const auto& there = result.status->generation;
  if (!there || offer.force_generation) return;
  const std::string has = ", and " + result.target.name + " has " + std::to_string(*there);
  if (!offer.generation) refuse(result, kRefused, "the file has no generation" + has);
  if (*offer.generation < *there) {
    refuse(result, kRefused,
           "the file is of generation " + std::to_string(*offer.generation) + has);
  }
}

void read_check(HostResult& result, const Parts& parts, const std::string& err,
                const Offer& offer) {
  const std::string fault = fault_told(document_in(parts, "validate", err));
  if (!fault.empty()) refuse(result, kRefused, "its overland refuses the file: " + fault);
  const auto plan = parts.find("plan");
  if (plan != parts.end() && plan->second.status.value_or(0) != 0) {
    const int status = *plan->second.status;
    refuse(result, status, ended_with("plan", status, err));
  }
  result.plan = plan_told(document_in(parts, "plan", err));
  require_name(result, result.plan->host);
  result.sum = text_of(parts, "sum");
  if (!is_sum(result.sum)) refuse(result, 1, "it does not say what file it has");
  read_standing(result, parts, offer);
}

void read_install(HostResult& result, const Parts& parts, const std::string& err,
                  const Offer& offer) {
  const auto install = parts.find("install");
  if (install == parts.end() || !install->second.status) {
    refuse(result, 1, "whether the file is in place there is not known");
  }
  const int status = *install->second.status;
  if (status != 0) refuse(result, status, ended_with("installing", status, err));
  result.pushed = true;
  if (!offer.apply) return;
  const auto apply = parts.find("apply");
  const int applied = apply == parts.end() ? 1 : apply->second.status.value_or(1);
  result.exit_code = applied;
  result.apply = apply_told(document_in(parts, "apply", err));
  if (applied != 0) refuse(result, applied, ended_with("apply", applied, err));
  if (!result.apply->converged) refuse(result, 1, "its apply left something undone");
}

void one_wave(const Asking& asking, const Offer& offer, std::vector<HostResult>& wave) {
  ask_each(
      asking, wave,
      [&](const HostResult& host) {
        return install_script({offer.toml, host.sum, offer.apply, offer.options});
      },
      [&](HostResult& result, const Parts& parts, const std::string& err) {
        read_install(result, parts, err, offer);
      });
}

}  // namespace

std::vector<HostResult> check(const Asking& asking, const std::vector<Target>& targets,
                              const Offer& offer) {
  auto results = results_for(targets);
  std::string script = check_script(offer.toml);
  ask_each(
      asking, results, [&](const HostResult&) { return script; },
      [&](HostResult& result, const Parts& parts, const std::string& err) {
        read_check(result, parts, err, offer);
      });
  return results;
}

void roll_out(const Asking& asking, const Offer& offer, std::vector<HostResult>& checked) {
  std::vector<HostResult*> turn;
  for (auto& host : checked) {
    if (host.fine()) turn.push_back(&host);
  }
  const auto sizes = offer.apply ? wave_sizes(turn.size()) : std::vector{turn.size()};
  auto next = turn.begin();
  for (std::size_t number = 0; number < sizes.size(); ++number) {
    std::vector<HostResult> wave;
    for (std::size_t i = 0; i < sizes[number]; ++i) {
      wave.push_back(*next[static_cast<std::ptrdiff_t>(i)]);
      wave.back().wave = number + 1;
    }
    one_wave(asking, offer, wave);
    const bool fine =
        std::all_of(wave.begin(), wave.end(), [](const auto& one) { return one.fine(); });
    for (auto& one : wave) **next++ = std::move(one);
    if (!fine) return;
  }
}

}  // namespace overland::fleet
