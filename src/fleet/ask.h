#pragma once
// One script on many hosts, and what came of it on each. A host that cannot be asked is a result
// like any other.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fleet/parts.h"
#include "fleet/targets.h"
#include "fleet/told.h"
#include "remote/ssh.h"

namespace overland::fleet {

// Exit codes of a host beside those of its own overland; sysexits.h has the numbers.
inline constexpr int kNotReached = 69;
inline constexpr int kBusy = 75;
inline constexpr int kRefused = 78;

struct HostResult {
  Target target;
  bool reached = false;  // its overland answered
  std::string fault;     // printable, without a full stop: what is wrong, or why it is not known
  int exit_code = 0;     // of the verb, had it run for this host alone
  std::string version;
  std::optional<StatusTold> status;
  std::optional<ProbeTold> probe;
  std::optional<PlanTold> plan;
  std::optional<ApplyTold> apply;
  std::string sum;                  // of its file, as cksum(1) has it; "none"
  std::optional<std::size_t> wave;  // in which it was its turn, from 1
  bool pushed = false;              // the file is in place there

  [[nodiscard]] bool fine() const { return fault.empty(); }
};

/// remote::run() with its limits; tests have their own.
using Ask = std::function<std::vector<remote::Answer>(const std::vector<remote::Job>&,
                                                      const remote::OnEnd&)>;
/// Hears how many hosts have answered so far.
using OnAnswer = std::function<void(std::size_t)>;

/// Takes what is asked for out of the parts of an answer into the result. Throws kInvalid with a
/// clause that becomes its fault.
using Read = std::function<void(HostResult&, const Parts&, const std::string& err)>;

/// The script for one of `results`; of one without it nothing is asked.
using ScriptOf = std::function<std::optional<std::string>(const HostResult&)>;

struct Asking {
  Ask ask;
  std::vector<std::string> ssh_options;  // for every host: {"-F", "file"}
  OnAnswer on_answer;
};

/// Runs the scripts, and reads each answer into its result.
void ask_each(const Asking& asking, std::vector<HostResult>& results, const ScriptOf& script,
              const Read& read);

std::vector<HostResult> results_for(const std::vector<Target>& targets);

/// The JSON of a part. Throws kInvalid with why there is none.
std::string_view document_in(const Parts& parts, const std::string& name, const std::string& err);

/// "its NAME ended with 3: what it said last"
std::string ended_with(const std::string& name, int status, const std::string& err);

}  // namespace overland::fleet
