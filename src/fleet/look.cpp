#include "fleet/look.h"

#include <algorithm>

#include "base/error.h"
#include "fleet/script.h"

namespace overland::fleet {
namespace {

int verdict(const StatusTold& told) {
  if (told.status == "conflict") return 3;
  if (told.status == "drift") return 2;
  return told.status == "in_sync" ? 0 : 1;
}

/// Where overland refuses to look at all its exit code says more than its silence.
void take_exit_code(HostResult& result, const Parts& parts, const char* name) {
  const auto part = parts.find(name);
  if (part == parts.end()) return;
  const int status = part->second.status.value_or(1);
  if (status == kBusy || status == 77 || status == kRefused) {
    result.exit_code = std::max(result.exit_code, status);
  }
}

void read_status(HostResult& result, const Parts& parts, const std::string& err) {
  take_exit_code(result, parts, "status");
  result.status = status_told(document_in(parts, "status", err));
  require_name(result, result.status->host);
  result.exit_code = std::max(result.exit_code, verdict(*result.status));
  if (!result.status->refused.empty()) {
    result.fault = "its file does not count: " + result.status->refused;
  }
}

void read_probe(HostResult& result, const Parts& parts, const std::string& err) {
  result.probe = probe_told(document_in(parts, "probe", err));
  if (!result.probe->all) result.exit_code = std::max(result.exit_code, 1);
}

}  // namespace

void require_name(const HostResult& result, const std::string& host) {
  if (host == result.target.name) return;
  throw base::Error(base::ErrorKind::kInvalid, "who answers there is " + host +
                                                   " by its own account; the inventory has " +
                                                   result.target.name + " there");
}

std::vector<HostResult> ask_status(const Asking& asking, const std::vector<Target>& targets,
                                   bool probe) {
  auto results = results_for(targets);
  std::string script = status_script(probe);
  ask_each(
      asking, results, [&](const HostResult&) { return script; },
      [&](HostResult& result, const Parts& parts, const std::string& err) {
        read_status(result, parts, err);
        if (probe) read_probe(result, parts, err);
      });
  return results;
}

std::vector<HostResult> ask_plan(const Asking& asking, const std::vector<Target>& targets,
                                 std::string_view toml) {
  auto results = results_for(targets);
  std::string script = plan_script(toml);
  ask_each(
      asking, results, [&](const HostResult&) { return script; },
      [&](HostResult& result, const Parts& parts, const std::string& err) {
        take_exit_code(result, parts, "plan");
        result.plan = plan_told(document_in(parts, "plan", err));
        require_name(result, result.plan->host);
        const bool changes = result.plan->steps > 0 || result.plan->held > 0;
        const int code = changes ? 2 : 1;
        if (!result.plan->in_sync) result.exit_code = std::max(result.exit_code, code);
      });
  return results;
}

}  // namespace overland::fleet
