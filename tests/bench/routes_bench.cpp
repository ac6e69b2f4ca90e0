// Routes into the real kernel and back, in a network namespace of this process's own: our adapter
// against other ways to do the same. Run it with --benchmark_enable_random_interleaving, so that
// what disturbs the machine disturbs all of them.

#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/mount.h>

#include <functional>
#include <iostream>

#include "base/process.h"
#include "bench/fleet.h"
#include "bench/route_peers.h"
#include "kernel/routes.h"
#include "plan/plan.h"

namespace {

using namespace overland;
using bench::Seconds;
using Routes = std::vector<model::Route>;
using Clock = std::chrono::steady_clock;

void sh(const std::string& command) {
  const auto result = base::run("/bin/sh", {"-c", command});
  if (result.status != 0) throw base::Error(base::ErrorKind::kFailure, command + result.err);
}

void enter_namespace() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) {
    base::throw_errno("cannot enter a network namespace", errno);
  }
  sh("ip link set lo up; ip link add eth0 type veth peer name far; ip link set far up;"
     "ip addr add 10.0.0.1/8 dev eth0; ip link set eth0 up");
}

Seconds add_with_overland(const Routes& routes) {
  std::vector<plan::RouteStep> steps;
  for (const auto& route : routes) steps.push_back({std::nullopt, route});
  const auto start = Clock::now();
  const auto outcomes = kernel::RouteTable().apply(steps);
  const Seconds taken = Clock::now() - start;
  for (const auto& outcome : outcomes) {
    if (outcome) throw base::Error(*outcome);
  }
  return taken;
}

/// Reads what is ours and what is foreign, and finds nothing to do.
Seconds look_with_overland(const Routes& routes) {
  model::HostState desired;
  desired.routes = routes;
  std::vector<model::Prefix> destinations;
  for (const auto& route : routes) destinations.push_back(route.destination);
  const auto start = Clock::now();
  kernel::RouteTable table;
  model::Observed actual;
  model::HostFacts facts;
  auto found = table.look(destinations);
  actual.state.routes = std::move(found.ours);
  facts.foreign_routes = std::move(found.foreign);
  const auto plan = plan::make_plan(actual, desired, facts);
  const Seconds taken = Clock::now() - start;
  if (!plan.empty()) throw base::Error(base::ErrorKind::kFailure, "the plan is not empty");
  return taken;
}

void measure(benchmark::State& state, const std::function<Seconds()>& run) {
  for (auto _ : state) {
    sh("ip route flush proto 111; ip route flush proto bird; ip route flush proto boot");
    state.SetIterationTime(run().count());
  }
}

void add(const std::string& name, std::function<Seconds()> run) {
  benchmark::RegisterBenchmark(name.c_str(), measure, std::move(run))
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

void add_looks(std::size_t count) {
  const auto routes = bench::fleet_routes(count, false);
  const std::string prefix = "look/" + std::to_string(count) + "/";
  add(prefix + "overland", [=] {
    add_with_overland(routes);
    return look_with_overland(routes);
  });
  add(prefix + "ip", [=] {
    add_with_overland(routes);
    return bench::show_with_ip();
  });
}

void add_installs(std::size_t many, std::size_t few) {
  const auto one = bench::fleet_routes(many, true);
  const std::string n = std::to_string(many) + "/";
  add("one-gateway/" + n + "overland", [=] { return add_with_overland(one); });
  add("one-gateway/" + n + "floor", [=] { return bench::add_prebuilt(one); });
  add("one-gateway/" + n + "libnl", [=] { return bench::add_with_libnl(one); });
  add("one-gateway/" + n + "ip-batch", [=] { return bench::add_with_ip_batch(one); });
  const auto distinct = bench::fleet_routes(many, false);
  add("gateways/" + n + "overland", [=] { return add_with_overland(distinct); });
  add("gateways/" + n + "ip-batch", [=] { return bench::add_with_ip_batch(distinct); });
  add("gateways/" + n + "bird", [=] { return bench::add_with_bird(distinct); });
  const auto recipe = bench::fleet_routes(few, false);
  const std::string m = std::to_string(few) + "/";
  add("recipe/" + m + "overland", [=] { return add_with_overland(recipe); });
  add("recipe/" + m + "shell-loop", [=] { return bench::add_with_shell_loop(recipe); });
}

}  // namespace

/// bench_routes MANY FEW [Google Benchmark's options]: numbers of peers.
int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 3) {
    std::cerr << "usage: bench_routes MANY FEW [--benchmark_...]\n";
    return 64;
  }
  try {
    enter_namespace();
    const std::size_t many = std::stoul(argv[1]);
    add_installs(many, std::stoul(argv[2]));
    add_looks(many);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const base::Error& error) {
    std::cerr << "bench_routes: " << error.what() << "\n";
    return 1;
  }
}
