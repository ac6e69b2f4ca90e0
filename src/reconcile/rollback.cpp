#include "reconcile/rollback.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/file.h"
#include "plan/describe.h"
#include "plan/plan.h"
#include "reconcile/apply.h"
#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

/// Runs `action`; what it throws becomes a sentence.
template <typename Action>
void attempt(std::vector<std::string>& faults, Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    faults.emplace_back(error.what());
  }
}

void restore_memory(const std::filesystem::path& file, const std::optional<std::string>& bytes) {
  if (saved_bytes(file) == bytes) return;
  if (bytes) {
    base::replace_file(file, *bytes, {0600, ::geteuid(), ::getegid()}, base::Symlinks::kRefuse);
    return;
  }
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error) base::throw_errno("cannot remove " + file.string(), error.value());
}

/// One after the other, so that a part that cannot be looked at or put back, or takes long, leaves
/// the others alone. Who else drops is never asked.
struct Part {
  const char* name;
  Neighbour neighbour;
  bool tunnel = false;  // what waits for the rules that bind it
};

constexpr Part kKernel = {"routes, links, neighbours and sysctls", Neighbour::kKernel};
constexpr Part kFirewall = {"the rules", Neighbour::kFirewall};
constexpr Part kDocker = {"Docker's keys", Neighbour::kDocker};
constexpr Part kNetworks = {"Docker's networks", Neighbour::kNetworks};
/// Behind the rules that bind it, which are looked at with it.
constexpr Part kTunnel = {"the tunnel", Neighbour::kKernel, true};

bool makes_tunnel(const plan::Step& step) {
  const auto* link = std::get_if<plan::LinkStep>(&step);
  return link != nullptr && link->to && link->to->vxlan;
}

/// Whether it is of no use without the tunnel's link.
bool needs_tunnel(const plan::Step& step) {
  const auto* route = std::get_if<plan::RouteStep>(&step);
  const auto* neighbour = std::get_if<plan::NeighbourStep>(&step);
  if (route != nullptr && route->to && route->to->link) {
    return *route->to->link == model::kTunnelLink;
  }
  return (neighbour != nullptr && neighbour->to) || makes_tunnel(step);
}

/// What of this part differs from before.
std::vector<plan::Step> remaining(const host::Ports& ports, const Before& before,
                                  const Part& part) {
  model::Observed now{before.state};
  read(ports, part.neighbour, before.state, now);
  if (part.tunnel) read(ports, Neighbour::kFirewall, before.state, now);
  auto steps = plan::make_plan(now, before.state, {},
                               plan::Options{.recreate_networks = true, .evict = true})
                   .steps;
  if (!part.tunnel && std::ranges::any_of(steps, makes_tunnel)) std::erase_if(steps, needs_tunnel);
  return steps;
}

// Somebody else may be at work on the same, and a fault may pass.
constexpr int kPasses = 3;
constexpr std::chrono::milliseconds kPause(250);

/// What came of one step; empty where it was done.
std::string why(const std::vector<StepReport>& reports, const plan::Step& step) {
  for (const auto& report : reports) {
    if (report.status != Status::kDone && plan::resource(report.step) == plan::resource(step)) {
      return ": " + *report.why;
    }
  }
  return {};
}

void put_back(const host::Ports& ports, const Before& before, const Part& part,
              std::vector<std::string>& faults) {
  std::vector<StepReport> reports;
  try {
    auto left = remaining(ports, before, part);
    for (int pass = 0; pass < kPasses && !left.empty(); ++pass) {
      if (pass > 0) ports.wait(kPause);
      reports = execute(ports, std::move(left));
      left = remaining(ports, before, part);
    }
    for (const auto& step : left) {
      faults.push_back(plan::resource(step) + " still differs (" + plan::detail(step) + ")" +
                       why(reports, step));
    }
  } catch (const std::exception& error) {
    faults.push_back(std::string("could not look whether ") + part.name +
                     " are as before: " + error.what());
    if (part.tunnel) return;
    // What is known by heart needs no look.
    auto steps = before.steps;
    std::erase_if(steps, [&](const auto& step) {
      return neighbour(step) != part.neighbour || makes_tunnel(step);
    });
    if (reports.empty()) reports = execute(ports, std::move(steps));
    for (const auto& report : reports) {
      if (report.status == Status::kDone) continue;
      faults.push_back(plan::resource(report.step) + ": " + *report.why);
    }
  }
}

/// Those that were not there, and those on another parent, which may be about to go. What cannot be
/// done now is told when they are put back.
void take_away_networks(const host::Ports& ports, const Before& before) {
  std::vector<plan::Step> removals;
  for (auto& step : remaining(ports, before, kNetworks)) {
    auto* network = std::get_if<plan::NetworkStep>(&step);
    if (network == nullptr || !network->from) continue;
    const bool moves = network->to && network->to->parent != network->from->parent;
    if (network->to && !moves) continue;
    removals.emplace_back(plan::NetworkStep{network->from, std::nullopt, !moves});
  }
  execute(ports, std::move(removals));
}

}  // namespace

Before remember_before(const host::Ports& ports, const Survey& survey,
                       const std::filesystem::path& saved_file) {
  if (survey.actual.firewall_unread) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        "no trial from here: the firewall rules in force cannot be read, so they could "
        "not be put back");
  }
  if (!survey.actual.defects.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "no trial from here: the firewall rules of overland are damaged (" +
                          survey.actual.defects.front() +
                          ") and could not be put back that way; run overland apply with the "
                          "inventory in force first");
  }
  Before before;
  before.state = survey.actual.state;
  before.daemon_json_unread = survey.actual.daemon_json_unread;
  before.steps = plan::reverse(survey.plan.steps);
  before.changes_networks = plan::any<plan::NetworkStep>(survey.plan.steps);
  before.writes_docker_file = plan::any<plan::DockerStep>(survey.plan.steps);
  if (before.writes_docker_file) before.docker_file = ports.docker.file();
  before.saved_file = saved_bytes(saved_file);
  return before;
}

std::vector<std::string> roll_back(const host::Ports& ports, const Before& before,
                                   const std::filesystem::path& saved_file) {
  std::vector<std::string> faults;
  // A network goes before the links it is on, and comes after them.
  if (before.changes_networks) attempt(faults, [&] { take_away_networks(ports, before); });
  put_back(ports, before, kKernel, faults);
  put_back(ports, before, kFirewall, faults);
  if (std::ranges::any_of(before.state.links,
                          [](const auto& link) { return link.vxlan.has_value(); })) {
    put_back(ports, before, kTunnel, faults);
  }
  if (!before.daemon_json_unread) put_back(ports, before, kDocker, faults);
  if (before.writes_docker_file) {
    attempt(faults, [&] { ports.docker.restore_file(before.docker_file); });
  }
  if (before.changes_networks) put_back(ports, before, kNetworks, faults);
  attempt(faults, [&] { restore_memory(saved_file, before.saved_file); });
  return faults;
}

}  // namespace overland::reconcile
