#pragma once
// A machine in memory that is not yet as docker-200 shall be, and an apply that makes it so.

#include <gtest/gtest.h>

#include <filesystem>

#include "reconcile/apply.h"
#include "unit/reconcile/fakes.h"
#include "unit/states.h"

namespace overland::tests {

class Apply : public ::testing::Test {
 protected:
  Apply() {
    machine.state = two_hosts_fresh();
    machine.state.routes = {
        route("192.168.150.0/24", {"10.0.0.150"})};  // left of an older inventory
    machine.facts = running_docker();
    std::filesystem::remove(saved_file);
  }
  ~Apply() override { std::filesystem::remove_all(saved_file.parent_path()); }

  reconcile::ApplyReport run(plan::Options options = {}) {
    const auto saved = reconcile::load_saved(saved_file);
    return reconcile::apply(machine.ports(),
                            reconcile::survey(machine.ports(), goal, saved, options), goal,
                            saved_file, saved, options);
  }

  FakeMachine machine;
  reconcile::Goal goal = [](const model::HostFacts&) { return two_hosts_desired(); };
  const std::filesystem::path saved_file =
      std::filesystem::path(testing::TempDir()) / ("apply." + std::to_string(::getpid())) / "state";
};

}  // namespace overland::tests
