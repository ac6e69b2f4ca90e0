#include "reconcile/survey.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iterator>

#include "plan/standing.h"
#include "reconcile/nouns.h"

namespace overland::reconcile {
namespace {

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

}  // namespace

std::string hostname() {
  std::array<char, 256> name = {};  // HOST_NAME_MAX of limits.h is 64
  if (::gethostname(name.data(), name.size() - 1) != 0) base::throw_errno("gethostname", errno);
  return name.data();
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
