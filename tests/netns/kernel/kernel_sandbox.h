#pragma once
// A host with one link `lan` (10.9.0.1/16, up) whose other end is `peer`, in a fresh namespace.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "model/route.h"
#include "netns/sandbox.h"
#include "plan/step.h"

namespace overland::tests {

class KernelSandbox : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // The kernel tells of the carrier a little later, and events are what some look at.
    sh("ip link add lan type veth peer name peer; ip link set peer up; ip link set lan up;"
       "ip address add 10.9.0.1/16 dev lan; for link in lan peer; do"
       " until ip link show $link | grep -q 'state UP'; do sleep 0.005; done; done");
  }
};

inline model::Prefix prefix(const std::string& text) { return model::Prefix::parse(text).value(); }

inline model::Route route(const std::string& destination, std::vector<std::string> gateways,
                          std::uint32_t metric = 0) {
  model::Route result{prefix(destination), model::RouteKind::kUnicast, metric, {}};
  if (metric == 0) result.metric = model::route_metric(result.destination);
  for (const std::string& gateway : gateways) {
    result.gateways.push_back(model::Address::parse(gateway).value());
  }
  std::sort(result.gateways.begin(), result.gateways.end());
  return result;
}

inline plan::RouteStep create(const model::Route& to) { return {std::nullopt, to}; }
inline plan::RouteStep change(const model::Route& from, const model::Route& to) {
  return {from, to};
}
inline plan::RouteStep remove(const model::Route& from) { return {from, std::nullopt}; }

}  // namespace overland::tests
