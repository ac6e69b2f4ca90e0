#include "firewall/trace/ask_droppers.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/trusted_path.h"
#include "firewall/legacy/table.h"
#include "firewall/nft/socket.h"
#include "firewall/printable.h"
#include "firewall/trace/outer_ways.h"
#include "firewall/trace/request.h"

namespace overland::firewall::trace {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLimit = 1U << 20U;
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);

/// What an answer is good for. Link names are bytes, JSON is not.
Json question_of(std::uint32_t generation, const std::vector<std::string>& arguments,
                 const std::string& program) {
  struct stat space = {};
  struct stat file = {};
  // Of the thread: a namespace is a thread's own.
  ::stat("/proc/thread-self/ns/net", &space);
  ::stat(program.c_str(), &file);
  Json question = Json::array();
  for (const std::string& argument : arguments) question.push_back(printable(argument));
  return {{"boot", base::read_file("/proc/sys/kernel/random/boot_id", kLimit).value_or("")},
          {"namespace", space.st_ino},
          {"generation", generation},
          {"program", {file.st_ino, file.st_mtim.tv_sec, file.st_mtim.tv_nsec}},
          {"question", std::move(question)}};
}

std::optional<std::vector<model::Finding>> remembered(const std::filesystem::path& hint,
                                                      const Json& question) {
  try {
    const auto text = base::read_trusted(hint, kLimit, base::Sticky::kFoldersOnly);
    if (!text) return std::nullopt;
    const Json kept = Json::parse(*text);
    if (kept.at("asked") != question) return std::nullopt;
    return traced_answer(kept.at("answer").get<std::string>());
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void remember(const std::filesystem::path& hint, const Json& question, const std::string& answer) {
  try {
    base::replace_file(hint, Json{{"asked", question}, {"answer", answer}}.dump(), {0600, 0, 0},
                       base::Symlinks::kRefuse);
  } catch (const base::Error&) {
    // Then it is asked again.
  }
}

std::string first_line(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  return printable(text.substr(0, std::min(text.find('\n'), kLongest)));
}

/// What it printed. Throws where it did not end well.
std::string run_program(const std::string& program, const std::vector<std::string>& arguments,
                        const base::Deadline& deadline) {
  const auto patience = deadline.at_most(kPatience);
  if (patience.count() == 0) {
    throw base::Error(base::ErrorKind::kFailure, "the time for this run is used up", ETIMEDOUT);
  }
  const base::ProcessResult result = base::run(program, arguments, patience);
  constexpr int kSignals = 128;
  if (result.status > kSignals) {
    throw base::Error(base::ErrorKind::kFailure,
                      "overland-trace ended by signal " + std::to_string(result.status - kSignals));
  }
  if (result.status != 0) {
    throw base::Error(base::ErrorKind::kFailure, "overland-trace: " + first_line(result.err));
  }
  return result.out;
}

}  // namespace

std::vector<model::Finding> ask_droppers(const model::FirewallPolicy& policy,
                                         const TraceOptions& options,
                                         const base::Deadline& deadline) {
  try {
    // Before it is asked: what changes meanwhile makes the answer an old one.
    const std::uint32_t generation = nft::Socket().generation();
    const auto arguments = trace_arguments(policy);
    auto asked = arguments;
    // It finds them itself.
    for (std::string& one : texts_of(outer_ways(policy))) asked.push_back(std::move(one));
    const Json question = question_of(generation, asked, options.program);
    const auto legacy = legacy::live_tables({"filter", "mangle", "nat", "raw", "security"});
    const bool lasts = !legacy || legacy->empty();
    if (lasts) {
      if (auto found = remembered(options.hint, question)) return *std::move(found);
    }
    const std::string answer = run_program(options.program, arguments, deadline);
    auto found = traced_answer(answer);
    if (lasts) remember(options.hint, question, answer);
    return found;
  } catch (const base::Error& error) {
    return {{model::Severity::kUntold, "firewall",
             std::string("who else drops could not be asked: ") + error.what(), ""}};
  }
}

}  // namespace overland::firewall::trace
