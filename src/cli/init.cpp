// The verb init: an inventory from what is there.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <iostream>

#include "base/error.h"
#include "base/printable.h"
#include "base/process.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "init/compose.h"
#include "init/found.h"
#include "init/layout.h"
#include "inventory/inventory.h"
#include "remote/ssh.h"

namespace overland::cli {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{4} << 20U;

/// Reads one answer, and says what came of it in a line; false where there is nothing.
bool take(const std::string& host, std::string_view said, std::vector<init::Found>& found) {
  const std::string shown = host.empty() ? "this host" : base::printable(host);
  try {
    auto one = init::read_found(said);
    one.asked = host;
    std::cerr << shown << ": " << base::shorten(one.name, 60)
              << (one.docker ? ", with Docker" : ", without Docker") << "\n";
    found.push_back(std::move(one));
    return true;
  } catch (const base::Error& error) {
    spdlog::error("{}: {}", shown, base::printable(error.what()));
    return false;
  }
}

bool ask_here(std::vector<init::Found>& found) {
  const auto done = base::run("/bin/sh", {"-c", std::string(init::script())});
  return take("", done.out, found);
}

/// Whether all answered.
bool ask_by_ssh(const std::vector<std::string>& hosts, const po::variables_map& values,
                std::vector<init::Found>& found) {
  remote::Limits limits;
  const auto parallel = values["parallel"].as<std::int64_t>();
  if (parallel < 1 || parallel > 64) {
    throw base::Error(base::ErrorKind::kUsage, "--parallel takes 1 to 64 hosts");
  }
  limits.parallel = static_cast<std::size_t>(parallel);
  limits.whole = std::chrono::seconds(seconds(values, "timeout", 1));
  limits.connect = std::min(limits.connect, std::chrono::ceil<std::chrono::seconds>(limits.whole));
  limits.out = kLargestAnswer;
  std::vector<remote::Job> jobs;
  for (const std::string& host : hosts) {
    remote::Job job;
    job.destination = host;
    job.input = init::script();
    jobs.push_back(std::move(job));
  }
  bool all = true;
  const auto answers = remote::run(jobs, limits, [&all](const remote::Answer& answer) {
    const std::string why = remote::explain(answer);
    if (!why.empty()) {
      spdlog::error("{}: {}", base::printable(answer.destination), why);
      all = false;
    }
    return true;
  });
  for (const auto& answer : answers) {
    if (!remote::explain(answer).empty()) continue;
    all = take(answer.destination, answer.out, found) && all;
  }
  return all;
}

std::optional<model::Prefix> pool_of(const po::variables_map& values) {
  if (values.count("pool") == 0) return std::nullopt;
  const auto& text = values["pool"].as<std::string>();
  const auto pool = model::Prefix::parse(text);
  const bool fits = pool && pool->family() == model::Family::kInet4 && pool->length() >= 8 &&
                    pool->length() <= 30;
  if (fits) return pool;
  throw base::Error(base::ErrorKind::kUsage,
                    "--pool takes a network of /8 to /30 like 10.100.0.0/16, not '" +
                        base::printable(text) + "'");
}

po::options_description description() {
  po::options_description options("Options");
  options.add_options()("pool", po::value<std::string>(),
                        "where bips are taken from, if any are needed; default: the first of "
                        "10.100.0.0/16 to 10.255.0.0/16 that none of the hosts knows of")(
      "parallel", po::value<std::int64_t>()->default_value(16), "hosts asked at one time")(
      "timeout", po::value<std::int64_t>()->default_value(30), "seconds for each host")(
      "hosts", po::value<std::vector<std::string>>(),
      "hosts as ssh(1) takes them, without which this host is asked; may be given without the "
      "option");
  return options;
}

}  // namespace

int init_inventory(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "init [OPTIONS] [SSH-HOST...]", description(), "hosts", -1);
  if (!values) return kOk;
  const auto pool = pool_of(*values);
  std::vector<init::Found> found;
  const bool here = values->count("hosts") == 0;
  const bool all =
      here ? ask_here(found)
           : ask_by_ssh((*values)["hosts"].as<std::vector<std::string>>(), *values, found);
  if (found.empty()) {
    throw base::Error(base::ErrorKind::kFailure, "no host answered: there is nothing to write");
  }
  const auto layout = init::lay_out(found, pool);
  const std::string text = init::compose(layout);
  for (const auto& one : layout.left_out) spdlog::error("{}", one);
  std::cout << text << std::flush;
  const auto loaded = inventory::parse(text);
  log_lines(loaded.inventory ? spdlog::level::warn : spdlog::level::err,
            inventory::render(loaded.diagnostics, "the inventory above"));
  return all && layout.left_out.empty() && loaded.inventory ? kOk : kFailed;
}

}  // namespace overland::cli
