#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/lock.h"
#include "cli/log.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/verb.h"
#include "reconcile/rollback.h"
#include "trial/control.h"
#include "trial/scope.h"
#include "trial/watchdog.h"

namespace overland::cli {
namespace {

/// What the watchdog does when nobody confirms; in its own process, with adapters of its own.
std::string undo(const Options& options, const reconcile::Before& before, trial::End end) {
  set_up_system_log();
  spdlog::warn("rolling the trial back: {}", trial::describe(end));
  std::string text;
  try {
    Machine machine(options);
    for (const auto& fault : reconcile::roll_back(machine.ports(), before, options.state_file)) {
      spdlog::error("{}", fault);
      text += (text.empty() ? "" : "\n") + fault;
    }
  } catch (const base::Error& error) {
    spdlog::error("{}", error.what());
    return error.what();
  }
  if (text.empty()) spdlog::info("rolled back: the host is as it was before the trial");
  return text;
}

/// Reads what waits on the terminal; false at its end. `line` tells whether Enter was pressed.
bool read_terminal(bool& line) {
  std::array<char, 256> text;
  const ssize_t got = ::read(STDIN_FILENO, text.data(), text.size());
  if (got < 0) return errno == EINTR;
  const std::string_view typed(text.data(), static_cast<std::size_t>(got));
  line = typed.find('\n') != std::string_view::npos;
  return got > 0;
}

/// Ctrl-C and SIGTERM as something to read.
base::UniqueFd catch_stops() {
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGINT);
  ::sigaddset(&stops, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &stops, nullptr);
  return base::UniqueFd(::signalfd(-1, &stops, SFD_CLOEXEC));
}

/// Until the watchdog has its verdict: Enter confirms, Ctrl-C asks for the way back.
void wait_for_verdict(const trial::Watchdog& watchdog, const std::filesystem::path& socket,
                      const base::UniqueFd& stopped) {
  const int terminal = ::isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : -1;
  std::array<pollfd, 3> events = {pollfd{watchdog.fd(), POLLIN, 0},
                                  pollfd{stopped.get(), POLLIN, 0}, pollfd{terminal, POLLIN, 0}};
  for (;;) {
    if (::poll(events.data(), events.size(), -1) < 0) continue;
    if (events[0].revents != 0) return;
    if (events[1].revents != 0) {
      events[1].fd = -1;
      trial::ask(socket, trial::kUndo);
    }
    bool enter = false;
    if (events[2].revents != 0 && !read_terminal(enter)) events[2].fd = -1;
    if (enter) trial::ask(socket, trial::kConfirm);
  }
}

void guard(const trial::Watchdog& watchdog) {
  try {
    trial::move_to_scope(watchdog.pid(), "overland-try.scope", "Rolls an overland trial back");
  } catch (const base::Error& error) {
    spdlog::warn("{}; the end of this login may end it too", error.what());
  }
}

int say_verdict(const trial::Watchdog& watchdog) {
  const auto verdict = watchdog.verdict();
  if (!verdict) {
    spdlog::error("the watchdog died: the changes stay, and nothing will roll them back");
    return kFailed;
  }
  if (verdict->end == trial::End::kConfirmed) {
    std::cout << "Confirmed: the changes stay\n";
    return kOk;
  }
  if (!verdict->faults.empty()) {
    spdlog::error("rolled back, since {}, but not all of it:\n{}", trial::describe(verdict->end),
                  verdict->faults);
    return kFailed;
  }
  std::cout << "Rolled back, since " << trial::describe(verdict->end)
            << ": the host is as it was before\n";
  return kFailed;
}

po::options_description description() {
  auto options = machine_options();
  options.add_options()("timeout", po::value<std::int64_t>()->default_value(120),
                        "seconds to wait for a confirmation")(
      "prune", po::bool_switch(), "remove also where too many hosts' subnets would go");
  options.add(lock_options());
  options.add(generation_options());
  return options;
}

/// Applies and prints the report; whether all of it was done.
bool carry_out(Session& session, reconcile::Survey survey, const plan::Options& options) {
  const auto report = reconcile::apply(session.machine.ports(), std::move(survey), session.goal(),
                                       session.options.state_file, session.saved, options);
  if (session.options.json) {
    std::cout << report_json(report, session.host->name);
  } else {
    print_report(std::cout, report, session.options.color);
  }
  if (!report.memory_fault.empty()) spdlog::warn("{}", report.memory_fault);
  log_findings(report.after.plan, false);
  log_leftovers(report.after.plan);
  return report.converged();
}

bool carry_out_or_say(Session& session, reconcile::Survey survey, const plan::Options& options) {
  try {
    return carry_out(session, std::move(survey), options);
  } catch (const base::Error& error) {
    spdlog::error("{}", error.what());
    return false;
  }
}

}  // namespace

int try_out(const std::vector<std::string>& arguments) {
  const auto values = parse(arguments, "try [OPTIONS]", description());
  if (!values) return kOk;
  const Options given = read_options(*values);
  const unsigned timeout = seconds(*values, "timeout", 1);
  require_privilege();
  const base::FileLock lock = take_lock(given);
  Session session(given, Purpose::kTry);
  plan::Options options;
  auto survey = session.survey(options, (*values)["prune"].as<bool>());
  if (!survey.plan.held.empty() || !survey.plan.held_reason.empty()) {
    log_leftovers(survey.plan);
    throw base::Error(base::ErrorKind::kFailure, "no trial of a part: give --prune");
  }
  if (survey.plan.empty()) {
    std::cout << "Nothing to try: " << session.host->name << " is as the inventory says\n";
    return kOk;
  }
  const auto before = reconcile::remember_before(session.machine.ports(), survey, given.state_file);
  const auto socket = trial_socket(given);
  std::cout.flush();
  const trial::Watchdog watchdog(socket, std::chrono::seconds(timeout),
                                 [&](trial::End end) { return undo(given, before, end); });
  guard(watchdog);
  base::UniqueFd stopped;
  if (carry_out_or_say(session, std::move(survey), options)) {
    // Until here Ctrl-C ends us, and our end has the watchdog roll back.
    stopped = catch_stops();
    watchdog.applied();
    std::cout << "On trial: rolled back in " << timeout
              << " s unless confirmed, by Enter here or by 'overland confirm' from another login\n";
  } else {
    spdlog::error("not all of it could be done: rolling back");
    trial::ask(socket, trial::kUndo);
  }
  std::cout.flush();
  wait_for_verdict(watchdog, socket, stopped);
  return say_verdict(watchdog);
}

}  // namespace overland::cli
