#include "reconcile/survey.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iterator>

#include "plan/standing.h"

namespace overland::reconcile {
namespace {

std::string hostname() {
  std::array<char, 256> name = {};  // HOST_NAME_MAX of limits.h is 64
  if (::gethostname(name.data(), name.size() - 1) != 0) base::throw_errno("gethostname", errno);
  return name.data();
}

std::optional<model::InterfaceAddress> first_address(const model::HostFacts& facts,
                                                     const std::string& link) {
  for (const auto& one : facts.links) {
    if (one.name != link) continue;
    for (const auto& address : one.addresses) {
      if (address.address.family() == model::Family::kInet4) return address;
    }
  }
  return std::nullopt;
}

/// 0 where the kernel does not tell, which is the kernel's own default.
int rp_filter(host::Sysctls& sysctls, const std::string& link) {
  const auto value = sysctls.read(model::link_parameter(link, "rp_filter"));
  return value && value->size() == 1 ? value->front() - '0' : 0;
}

/// ip-sysctl.rst: the larger of "all" and the link's own counts.
void look_at_rp_filter(host::Sysctls& sysctls, std::vector<model::LinkFacts>& links) {
  const int all = rp_filter(sysctls, "all");
  for (auto& link : links) {
    if (link.addresses.empty()) continue;
    link.rp_filter = static_cast<std::uint8_t>(std::max(all, rp_filter(sysctls, link.name)));
  }
}

/// Calls `ask`; what a neighbour of ours made of it becomes a finding about `resource`. Whether it
/// was answered.
template <typename Ask>
bool answered(const char* resource, std::vector<model::Finding>& findings, Ask ask) {
  try {
    ask();
    return true;
  } catch (const base::Error& error) {
    findings.push_back({model::Severity::kUnknown, resource, error.what(), ""});
    return false;
  }
}

void observe_docker(host::Docker& docker, const model::DockerSettings& desired,
                    const SavedState& saved, const model::HostFacts& facts,
                    model::Observed& observed) {
  model::DockerSettings& now = observed.state.docker.emplace();
  now.mode = desired.mode;
  now.bridge = desired.bridge;
  if (!desired.keys.empty()) {
    observed.daemon_json_unread = !answered("docker daemon.json", observed.findings,
                                            [&] { now.keys = docker.read(desired.keys); });
  }
  now.address = first_address(facts, desired.bridge);
  observed.restart_pending =
      facts.docker.running && !saved.unread_by.empty() && saved.unread_by == facts.docker.instance;
}

/// Asked for routes of ours that stand: of others the main table would say nothing either.
std::vector<model::Diversion> look_for_diversions(host::Routes& routes,
                                                  const model::HostState& actual,
                                                  const model::HostState& desired,
                                                  const model::HostFacts& facts) {
  std::vector<model::Prefix> standing;
  standing.reserve(actual.routes.size());
  for (const auto& route : actual.routes) standing.push_back(route.destination);
  const auto bridge = std::find_if(facts.links.begin(), facts.links.end(), [&](const auto& link) {
    return desired.docker && link.name == desired.docker->bridge;
  });
  return routes.diversions(standing, bridge == facts.links.end() ? nullptr : &*bridge,
                           desired.firewall ? desired.firewall->mark : 0);
}

}  // namespace

std::vector<model::Sysctl> read_sysctls(host::Sysctls& sysctls, const model::HostState& named) {
  std::vector<model::Sysctl> now;
  for (const auto& one : named.sysctls) {
    if (auto value = sysctls.read(one.key)) now.push_back({one.key, std::move(*value)});
  }
  return now;
}

void read_firewall(host::Firewall& firewall, const model::HostState& named,
                   model::Observed& observed) {
  auto found = firewall.read(named.firewall.value_or(model::FirewallPolicy{}));
  observed.state.firewall.reset();
  observed.defects.clear();
  if (!found) return;
  observed.state.firewall = std::move(found->policy);
  observed.defects = std::move(found->defects);
}

model::HostFacts look(const host::Ports& ports) {
  model::HostFacts facts;
  facts.hostname = hostname();
  facts.links = ports.links.facts();
  look_at_rp_filter(ports.sysctls, facts.links);
  answered("docker", facts.docker.unknown, [&] { facts.docker = ports.docker.facts(); });
  answered("firewall", facts.firewall.unknown,
           [&] { facts.firewall = ports.firewall.facts(facts.docker); });
  return facts;
}

model::Observed observe(const host::Ports& ports, const model::HostState& desired,
                        const SavedState& saved, model::HostFacts& facts) {
  model::Observed observed;
  model::HostState& actual = observed.state;
  for (const auto* found : {&facts.docker.unknown, &facts.firewall.unknown, &facts.findings}) {
    observed.findings.insert(observed.findings.end(), found->begin(), found->end());
  }
  actual.sysctls = read_sysctls(ports.sysctls, desired);
  actual.links = ports.links.read();
  observed.firewall_unread = !answered("firewall", observed.findings,
                                       [&] { read_firewall(ports.firewall, desired, observed); });
  std::vector<model::Prefix> destinations;
  destinations.reserve(desired.routes.size());
  for (const auto& route : desired.routes) destinations.push_back(route.destination);
  auto routes = ports.routes.look(destinations);
  actual.routes = std::move(routes.ours);
  facts.foreign_routes = std::move(routes.foreign);
  facts.diversions = look_for_diversions(ports.routes, actual, desired, facts);
  if (desired.docker) observe_docker(ports.docker, *desired.docker, saved, facts, observed);
  return observed;
}

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options) {
  Survey result;
  result.facts = look(ports);
  result.desired = goal(result.facts);
  result.actual = observe(ports, result.desired, saved, result.facts);
  plan::keep_standing(result.desired, result.actual, result.facts);
  plan::Options given = options;
  given.hold_forwarding = plan::forwarding_waits(result.actual, result.facts,
                                                 saved.sysctls.contains("net.ipv4.ip_forward"));
  result.plan = plan::make_plan(result.actual, result.desired, result.facts, given);
  return result;
}

void look_who_drops(const host::Ports& ports, Survey& survey) {
  if (!survey.desired.firewall) return;
  auto found = ports.firewall.droppers(*survey.desired.firewall);
  std::move(found.begin(), found.end(), std::back_inserter(survey.plan.findings));
}

}  // namespace overland::reconcile
