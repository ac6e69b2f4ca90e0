#pragma once
// A host with networks in Docker, and the plan for it.

#include <gtest/gtest.h>

#include "plan/describe.h"
#include "plan/plan.h"
#include "unit/networks.h"

namespace overland::tests {

using plan::make_plan;
using plan::NetworkStep;
using plan::Options;
using plan::Plan;

class PlanNetwork : public ::testing::Test {
 protected:
  PlanNetwork() {
    facts = running_docker();
    facts.docker.networks_known = true;
    actual.state = desired = two_hosts_desired();
  }

  /// One of ours stands.
  void stands(const model::Network& network, std::vector<std::string> users = {}) {
    actual.state.networks.push_back(network);
    facts.docker.networks.push_back(in_docker(network, std::move(users)));
  }
  Plan planned(const Options& options = {}) const {
    return make_plan(actual, desired, facts, options);
  }

  model::Observed actual;
  model::HostState desired;
  model::HostFacts facts;
};

}  // namespace overland::tests
