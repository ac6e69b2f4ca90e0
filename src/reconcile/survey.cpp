#include "reconcile/survey.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

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

model::DockerSettings observe_docker(host::Docker& docker, const model::DockerSettings& desired,
                                     const SavedState& saved, model::HostFacts& facts) {
  model::DockerSettings now;
  now.mode = desired.mode;
  now.bridge = desired.bridge;
  if (!desired.keys.empty()) {
    facts.daemon_json_unread = !answered("docker daemon.json", facts.findings,
                                         [&] { now.keys = docker.read(desired.keys); });
  }
  now.address = first_address(facts, desired.bridge);
  now.restart_pending =
      facts.docker.running && !saved.unread_by.empty() && saved.unread_by == facts.docker.instance;
  return now;
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
                           desired.firewall ? desired.firewall->policy.mark : 0);
}

}  // namespace

model::HostFacts look(const host::Ports& ports) {
  model::HostFacts facts;
  facts.hostname = hostname();
  facts.links = ports.links.facts();
  look_at_rp_filter(ports.sysctls, facts.links);
  answered("docker", facts.findings, [&] { facts.docker = ports.docker.facts(); });
  answered("firewall", facts.findings,
           [&] { facts.firewall = ports.firewall.facts(facts.docker); });
  return facts;
}

model::HostState observe(const host::Ports& ports, const model::HostState& desired,
                         const SavedState& saved, model::HostFacts& facts) {
  model::HostState actual;
  for (const auto& wanted : desired.sysctls) {
    if (auto value = ports.sysctls.read(wanted.key)) {
      actual.sysctls.push_back({wanted.key, std::move(*value)});
    }
  }
  actual.links = ports.links.read();
  facts.firewall_unread = !answered("firewall", facts.findings, [&] {
    actual.firewall =
        ports.firewall.read(desired.firewall ? desired.firewall->policy : model::FirewallPolicy{});
  });
  std::vector<model::Prefix> destinations;
  destinations.reserve(desired.routes.size());
  for (const auto& route : desired.routes) destinations.push_back(route.destination);
  auto routes = ports.routes.look(destinations);
  actual.routes = std::move(routes.ours);
  facts.foreign_routes = std::move(routes.foreign);
  facts.diversions = look_for_diversions(ports.routes, actual, desired, facts);
  if (desired.docker) {
    actual.docker = observe_docker(ports.docker, *desired.docker, saved, facts);
  }
  return actual;
}

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options) {
  Survey result;
  result.facts = look(ports);
  result.desired = goal(result.facts);
  result.actual = observe(ports, result.desired, saved, result.facts);
  plan::keep_standing(result.desired, result.actual, result.facts);
  plan::Options given = options;
  given.hold_forwarding =
      plan::forwarding_waits(result.facts, saved.sysctls.contains("net.ipv4.ip_forward"));
  result.plan = plan::make_plan(result.actual, result.desired, result.facts, given);
  return result;
}

std::vector<model::Finding> look_who_drops(const host::Ports& ports, Survey& survey) {
  if (!survey.desired.firewall) return {};
  host::DroppersFound found = ports.firewall.droppers(survey.desired.firewall->policy);
  for (auto& sentence : found.sentences) {
    survey.plan.conflicts.push_back({"firewall", std::move(sentence), ""});
  }
  for (const auto& one : found.unknown) {
    survey.plan.advice.push_back({one.resource, one.message, one.remedy});
  }
  return std::move(found.unknown);
}

}  // namespace overland::reconcile
