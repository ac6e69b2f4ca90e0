#pragma once
// Hosts that answer as a test says, in place of ssh.

#include <map>
#include <string>
#include <vector>

#include "fleet/ask.h"

namespace overland::tests {

inline std::string part(const std::string& name, const std::string& text, int status = 0) {
  return "\n@begin " + name + "\n" + text + "\n@end " + std::to_string(status) + "\n";
}

inline std::string status_json(const std::string& host, const std::string& generation = "7",
                               const std::string& status = "in_sync") {
  return R"({"schema_version":2,"host":")" + host + R"(","status":")" + status +
         R"(","inventory":{"hash":"ab12","generation":)" + generation +
         R"(,"refused":""},"settings":[{"ok":true},{"ok":false}],)"
         R"("peers":[{"state":"missing"},{"state":"route ok"}],"conflicts":[{}],)"
         R"("docker_restart_required":false})";
}

inline std::string plan_json(const std::string& host) {
  return R"({"schema_version":2,"host":")" + host +
         R"(","steps":[{},{}],"held":[],"conflicts":[],"in_sync":false})";
}

inline std::string apply_json(const std::string& host, bool converged = true) {
  return R"({"schema_version":2,"host":")" + host + R"(","changed":true,"converged":)" +
         (converged ? "true" : "false") + R"(,"conflicts":[],"docker_restart_required":false})";
}

inline const std::string kValid = R"({"schema_version":2,"valid":true,"diagnostics":[]})";

/// What a host says that would take a file.
inline std::string takes(const std::string& host, const std::string& generation = "7") {
  return part("version", "overland 0.2.0") + part("status", status_json(host, generation)) +
         part("sum", "1234 99") + part("validate", kValid) + part("plan", plan_json(host));
}

inline std::string applies(const std::string& host) {
  return part("version", "overland 0.2.0") + part("install", "") + part("apply", apply_json(host));
}

/// Answers by turn: the first time a host is asked its first one, and so on.
struct Answers {
  std::map<std::string, std::vector<remote::Answer>> of;
  std::map<std::string, std::vector<std::string>> scripts;  // it was given

  void say(const std::string& host, const std::string& out, const std::string& err = "") {
    of[host].push_back({host, remote::Ended::kExited, 0, out, err});
  }
  void end(const std::string& host, remote::Ended ended, const std::string& out = "") {
    of[host].push_back({host, ended, 0, out, "ssh: lost"});
  }
  fleet::Asking asking() {
    fleet::Asking result;
    result.ask = [this](const std::vector<remote::Job>& jobs, const remote::OnEnd& on_end) {
      std::vector<remote::Answer> answers;
      for (const auto& job : jobs) {
        auto& given = scripts[job.destination];
        given.emplace_back(job.input);
        answers.push_back(of.at(job.destination).at(given.size() - 1));
        on_end(answers.back());
      }
      return answers;
    };
    return result;
  }
};

inline std::vector<fleet::Target> targets(const std::vector<std::string>& names) {
  std::vector<fleet::Target> result;
  for (const auto& name : names) result.push_back({name, name});
  return result;
}

}  // namespace overland::tests
