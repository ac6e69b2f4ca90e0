// The pure part of an apply: inventory text to plan, by number of hosts. No kernel, no files.

#include <benchmark/benchmark.h>

#include "base/error.h"
#include "bench/fleet.h"
#include "bench/many_networks.h"
#include "desired/derive.h"
#include "inventory/inventory.h"
#include "plan/plan.h"

namespace {

using namespace overland;

model::LinkFacts link(const std::string& name, const std::string& address) {
  model::LinkFacts facts;
  facts.name = name;
  facts.up = true;
  facts.addresses = {*model::InterfaceAddress::parse(address)};
  return facts;
}

/// The machine of the fleet's first host.
model::HostFacts machine(std::size_t hosts) {
  model::HostFacts facts;
  const auto length = bench::bridge_length(hosts);
  facts.links = {link("docker0", "100.64.0.1/" + std::to_string(length)),
                 link("eth0", "10.0.0.1/8")};
  facts.docker.installed = true;
  facts.firewall.variant = model::FirewallVariant::kNft;
  return facts;
}

inventory::Inventory parsed(const std::string& text) {
  auto loaded = inventory::parse(text);
  if (!loaded.inventory) {
    throw base::Error(base::ErrorKind::kInventory, inventory::render(loaded.diagnostics, "fleet"));
  }
  return std::move(*loaded.inventory);
}

void parse_and_validate(benchmark::State& state) {
  const std::string text = bench::fleet_text(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(parsed(text));
  state.SetComplexityN(state.range(0));
}

void derive(benchmark::State& state) {
  const auto hosts = static_cast<std::size_t>(state.range(0));
  const auto inventory = parsed(bench::fleet_text(hosts));
  const auto facts = machine(hosts);
  for (auto _ : state) {
    benchmark::DoNotOptimize(desired::derive(inventory, inventory.hosts.front(), facts));
  }
  state.SetComplexityN(state.range(0));
}

/// Everything is to be made: the longest plan.
void plan_all(benchmark::State& state) {
  const auto hosts = static_cast<std::size_t>(state.range(0));
  const auto inventory = parsed(bench::fleet_text(hosts));
  const auto facts = machine(hosts);
  const auto desired = desired::derive(inventory, inventory.hosts.front(), facts);
  for (auto _ : state) benchmark::DoNotOptimize(plan::make_plan({}, desired, facts));
  state.SetComplexityN(state.range(0));
}

void text_to_plan(benchmark::State& state) {
  const auto hosts = static_cast<std::size_t>(state.range(0));
  const std::string text = bench::fleet_text(hosts);
  const auto facts = machine(hosts);
  for (auto _ : state) {
    const auto inventory = parsed(text);
    const auto desired = desired::derive(inventory, inventory.hosts.front(), facts);
    benchmark::DoNotOptimize(plan::make_plan({}, desired, facts));
  }
  state.SetComplexityN(state.range(0));
}

void derive_and_plan(const inventory::Inventory& inventory, benchmark::State& state) {
  const auto facts = machine(inventory.hosts.size());
  for (auto _ : state) {
    const auto desired = desired::derive(inventory, inventory.hosts.front(), facts);
    benchmark::DoNotOptimize(plan::make_plan({}, desired, facts));
  }
}

/// Of hosts with twenty bridge networks each.
void many_networks(benchmark::State& state) {
  auto inventory = parsed(bench::fleet_text(static_cast<std::size_t>(state.range(0))));
  bench::give_networks(inventory, 20);
  derive_and_plan(inventory, state);
}

/// As many subnets, one a host.
void many_hosts(benchmark::State& state) {
  const auto hosts = 21 * static_cast<std::size_t>(state.range(0));
  derive_and_plan(parsed(bench::fleet_text(hosts)), state);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->RangeMultiplier(10)->Range(1000, 100000)->Unit(benchmark::kMillisecond);
  benchmark->Complexity(benchmark::oNLogN);
}

BENCHMARK(parse_and_validate)->Apply(sizes);
BENCHMARK(derive)->Apply(sizes);
BENCHMARK(plan_all)->Apply(sizes);
BENCHMARK(text_to_plan)->Apply(sizes);
BENCHMARK(many_networks)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(many_hosts)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
