// The verb fleet: status, plan, push and apply on many hosts by ssh.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <utility>

#include "base/error.h"
#include "cli/chosen.h"
#include "cli/exit_code.h"
#include "cli/fleet_report.h"
#include "cli/log.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "fleet/look.h"
#include "fleet/roll_out.h"
#include "inventory/report.h"
#include "inventory/sources.h"

namespace overland::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

/// Ctrl-C ends those of ssh that run, which are in our process group; what is known by then is
/// still told. The second time it is the end.
void catch_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

po::options_description description() {
  auto options = inventory_options("the shared inventory, and what plan, push and apply send");
  options.add_options()(
      "limit", po::value<std::vector<std::string>>()->composing(),
      "the first N hosts, or those of a pattern: 3, web*, !web*; may be given several times")(
      "parallel", po::value<std::int64_t>()->default_value(16), "hosts at once, 1 to 64")(
      "timeout", po::value<std::int64_t>()->default_value(300), "seconds each host has")(
      "user", po::value<std::string>(), "log in as; otherwise ssh's configuration decides")(
      "names", po::bool_switch(), "have ssh look the hosts' names up, not go to their addresses")(
      "ssh-config", po::value<std::string>()->value_name("FILE"), "as ssh -F")(
      "no-probe", po::bool_switch(), "status: send no packets")(
      "skip-unreachable", po::bool_switch(), "push, apply: leave out hosts that are not reached")(
      "restart-docker", po::bool_switch(), "apply: as apply --restart-docker")(
      "prune", po::bool_switch(), "apply: as apply --prune")(
      "adopt", po::bool_switch(), "apply: as apply --adopt")("json", po::bool_switch(),
                                                             "print one JSON document")(
      "word", po::value<std::vector<std::string>>(), "ACTION [HOST...]; without the option");
  options.add(generation_options());
  return options;
}

FleetAction action_of(const std::string& word) {
  for (const auto action :
       {FleetAction::kStatus, FleetAction::kPlan, FleetAction::kPush, FleetAction::kApply}) {
    if (word == name(action)) return action;
  }
  refuse("fleet takes status, plan, push or apply, not " + inventory::quote(word));
}

std::vector<std::string> apply_options(const po::variables_map& values, FleetAction action) {
  std::vector<std::string> options;
  for (const char* option : {"restart-docker", "prune", "adopt", "force-generation"}) {
    const bool pushes = action == FleetAction::kPush && std::string(option) == "force-generation";
    if (!values[option].as<bool>()) continue;
    if (action != FleetAction::kApply && !pushes) {
      refuse("--" + std::string(option) + " is for fleet apply");
    }
    options.push_back("--" + std::string(option));
  }
  return options;
}

fleet::Choice choice_of(const po::variables_map& values, std::vector<std::string> hosts) {
  fleet::Choice choice{.hosts = std::move(hosts), .by_name = values["names"].as<bool>()};
  if (values.count("limit") != 0) choice.limits = values["limit"].as<std::vector<std::string>>();
  if (values.count("user") != 0) choice.user = values["user"].as<std::string>();
  return choice;
}

remote::Limits limits_of(const po::variables_map& values) {
  constexpr std::int64_t kMostAtOnce = 64;
  const auto parallel = values["parallel"].as<std::int64_t>();
  if (parallel < 1 || parallel > kMostAtOnce) refuse("--parallel takes 1 to 64");
  remote::Limits limits;
  limits.parallel = static_cast<std::size_t>(parallel);
  limits.whole = std::chrono::seconds(seconds(values, "timeout", 1));
  return limits;
}

std::vector<remote::Answer> not_asked(const std::vector<remote::Job>& jobs) {
  std::vector<remote::Answer> answers;
  for (const auto& job : jobs) answers.emplace_back().destination = job.destination;
  return answers;
}

fleet::Asking asking_of(const po::variables_map& values, Progress& told, std::size_t hosts) {
  fleet::Asking asking;
  asking.ask = [limits = limits_of(values)](const auto& jobs, const auto& on_end) {
    if (interrupted != 0) return not_asked(jobs);
    return remote::run(
        jobs, limits, [&on_end](const auto& answer) { return on_end(answer) && interrupted == 0; });
  };
  if (values.count("ssh-config") != 0) {
    asking.ssh_options = {"-F", values["ssh-config"].as<std::string>()};
  }
  asking.on_answer = [&told, hosts](std::size_t answered) {
    told.now("waiting for " + std::to_string(hosts) + " hosts; " + std::to_string(answered) +
             " answered");
  };
  return asking;
}

/// "2 of 40 hosts"
std::string some_of(std::size_t number, std::size_t all) {
  return std::to_string(number) + " of " + std::to_string(all) + (all == 1 ? " host" : " hosts");
}

/// Why nothing is to be changed anywhere; empty where the roll-out may begin.
std::string obstacle(const std::vector<fleet::HostResult>& checked, bool skip) {
  const auto number = static_cast<std::size_t>(
      std::count_if(checked.begin(), checked.end(),
                    [skip](const auto& one) { return !one.fine() && (one.reached || !skip); }));
  if (number > 0) {
    return some_of(number, checked.size()) + " would not take it: nothing was changed anywhere";
  }
  const bool any =
      std::any_of(checked.begin(), checked.end(), [](const auto& one) { return one.fine(); });
  return any ? "" : "no host was reached: nothing was changed";
}

void push(const fleet::Asking& asking, const fleet::Offer& offer, bool skip,
          const std::vector<fleet::Target>& targets, FleetReport& report) {
  report.hosts = fleet::check(asking, targets, offer);
  report.stopped =
      interrupted != 0 ? "interrupted: nothing was changed anywhere" : obstacle(report.hosts, skip);
  if (!report.stopped.empty()) return;
  fleet::roll_out(asking, offer, report.hosts);
  std::size_t last = 0;
  std::size_t waiting = 0;
  bool failed = false;
  for (const auto& host : report.hosts) {
    last = std::max(last, host.wave.value_or(0));
    waiting += !host.wave && host.fine() ? 1 : 0;
    failed = failed || (host.wave && !host.fine());
  }
  if (!failed) return;
  report.stopped = std::string(interrupted != 0 ? "interrupted" : "stopped") + " in wave " +
                   std::to_string(last) + "; " + some_of(waiting, report.hosts.size()) +
                   " kept the old file";
}

FleetReport carry_out(const po::variables_map& values, FleetAction action, const Chosen& chosen,
                      const std::vector<fleet::Target>& targets) {
  FleetReport report;
  report.action = action;
  report.file = values["inventory"].as<std::string>();
  report.hash = chosen.hash;
  report.generation = chosen.inventory.generation;
  const auto options = apply_options(values, action);
  Progress told("waiting for " + std::to_string(targets.size()) + " hosts");
  const auto asking = asking_of(values, told, targets.size());
  if (action == FleetAction::kStatus) {
    report.hosts = fleet::ask_status(asking, targets, !values["no-probe"].as<bool>());
  } else if (action == FleetAction::kPlan) {
    report.hosts = fleet::ask_plan(asking, targets, chosen.bytes);
  } else {
    const fleet::Offer offer{chosen.bytes, chosen.inventory.generation,
                             values["force-generation"].as<bool>(), action == FleetAction::kApply,
                             options};
    push(asking, offer, values["skip-unreachable"].as<bool>(), targets, report);
  }
  return report;
}

/// Throws kUsage where it is of several files, and has to be sent.
Chosen inventory_of(const po::variables_map& values, FleetAction action) {
  const auto file = values["inventory"].as<std::string>();
  const auto folder = fragments_of(file, values);
  auto sources = inventory::read_sources(file, folder, inventory::Owners::kAny);
  if (action != FleetAction::kStatus && !sources.fragments.empty()) {
    refuse("fleet " + std::string(name(action)) + " sends one file, and " + file + " has " +
           std::to_string(sources.fragments.size()) + " more in " + folder +
           ": bring them to the hosts by other means, or give another --inventory");
  }
  return parse_inventory(joined(std::move(sources)), file, folder);
}

}  // namespace

int fleet_hosts(const std::vector<std::string>& arguments) {
  constexpr int kAnyNumber = -1;
  const auto values = parse(arguments, "fleet status|plan|push|apply [OPTIONS] [HOST...]",
                            description(), "word", kAnyNumber);
  if (!values) return kOk;
  if (values->count("word") == 0) refuse("fleet takes status, plan, push or apply");
  auto words = (*values)["word"].as<std::vector<std::string>>();
  const FleetAction action = action_of(words.front());
  words.erase(words.begin());
  const auto chosen = inventory_of(*values, action);
  const auto targets = fleet::choose(chosen.inventory, choice_of(*values, std::move(words)));
  catch_interrupt();
  const auto report = carry_out(*values, action, chosen, targets);
  std::cout << ((*values)["json"].as<bool>() ? fleet_json(report) : fleet_text(report));
  if (!report.stopped.empty()) spdlog::error("{}", report.stopped);
  return report.exit_code();
}

}  // namespace overland::cli
