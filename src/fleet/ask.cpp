#include "fleet/ask.h"

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"

namespace overland::fleet {
namespace {

/// Answers are kept until they are read: those of a fleet of thousands would be too much at once.
constexpr std::size_t kAtOnce = 128;

constexpr int kNotFound = 127;  // of sh: there is no such program

std::string last_line(const std::string& err) {
  const std::size_t end = err.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "it did not say why";
  const std::size_t before = err.rfind('\n', end);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  constexpr std::size_t kLongest = 300;
  return base::shorten(std::string_view(err).substr(begin, end + 1 - begin), kLongest);
}

void read_version(HostResult& result, const Parts& parts, const std::string& err) {
  const auto version = parts.find("version");
  if (version == parts.end() || !version->second.status) {
    throw base::Error(base::ErrorKind::kInvalid, "no shell answers there: " + last_line(err));
  }
  if (version->second.status == kNotFound) {
    throw base::Error(base::ErrorKind::kInvalid, "overland is not installed there");
  }
  result.version = version_told(version->second.text);
  result.reached = true;
}

void note(HostResult& result, const remote::Answer& answer, const Read& read) {
  const bool ran = answer.ended == remote::Ended::kExited;
  try {
    const Parts parts = parts_of(answer.out);
    // What a lost connection had told before counts, too.
    if (!ran && parts.empty()) {
      result.fault = remote::explain(answer);
      result.exit_code = kNotReached;
      return;
    }
    read_version(result, parts, answer.err);
    read(result, parts, answer.err);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInvalid) throw;
    result.fault = error.what();
    result.exit_code = std::max(result.exit_code, 1);
  }
  if (ran) return;
  result.fault = remote::explain(answer);
  result.exit_code = kNotReached;
}

}  // namespace

std::string ended_with(const std::string& name, int status, const std::string& err) {
  return "its " + name + " ended with " + std::to_string(status) + ": " + last_line(err);
}

std::string_view document_in(const Parts& parts, const std::string& name, const std::string& err) {
  const auto part = parts.find(name);
  if (part == parts.end() || !part->second.status) {
    throw base::Error(base::ErrorKind::kInvalid,
                      "its answer ends before its " + name + ": " + last_line(err));
  }
  if (part->second.text.find_first_not_of(" \n") == std::string_view::npos) {
    throw base::Error(base::ErrorKind::kInvalid, ended_with(name, *part->second.status, err));
  }
  return part->second.text;
}

std::vector<HostResult> results_for(const std::vector<Target>& targets) {
  std::vector<HostResult> results;
  for (const Target& target : targets) results.emplace_back().target = target;
  return results;
}

void ask_each(const Asking& asking, std::vector<HostResult>& results, const ScriptOf& script,
              const Read& read) {
  std::size_t answered = 0;
  const remote::OnEnd on_end = [&](const remote::Answer&) {
    ++answered;
    if (asking.on_answer) asking.on_answer(answered);
    return true;
  };
  for (std::size_t begin = 0; begin < results.size(); begin += kAtOnce) {
    std::vector<HostResult*> asked;
    std::vector<std::string> scripts;
    for (std::size_t i = begin; i < std::min(results.size(), begin + kAtOnce); ++i) {
      auto text = script(results[i]);
      if (!text) continue;
      asked.push_back(&results[i]);
      scripts.push_back(std::move(*text));
    }
    std::vector<remote::Job> jobs;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      jobs.push_back({.destination = asked[i]->target.destination,
                      .input = scripts[i],
                      .options = asking.ssh_options});
    }
    const auto answers = asking.ask(jobs, on_end);
    for (std::size_t i = 0; i < asked.size(); ++i) note(*asked[i], answers[i], read);
  }
}

}  // namespace overland::fleet
