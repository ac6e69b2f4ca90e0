#include "cli/status_report.h"

#include <algorithm>
#include <map>

#include "plan/describe.h"

namespace overland::cli {
namespace {

using model::Prefix;
using reconcile::Survey;

/// Whose subnet a route leads to: the names of hosts and segments.
std::map<Prefix, std::string> owners(const inventory::Inventory& inventory) {
  std::map<Prefix, std::string> names;
  for (const auto& segment : inventory.segments) names[segment.subnet] = "segment " + segment.name;
  for (const auto& host : inventory.hosts) {
    for (const auto& subnet : host.bridge_subnets()) names[subnet] = host.name;
  }
  return names;
}

std::string link_to(const model::HostFacts& facts, const model::Address& gateway) {
  for (const auto& link : facts.links) {
    for (const auto& address : link.addresses) {
      if (address.prefix().contains(gateway)) return link.name;
    }
  }
  return "-";
}

std::string route_state(const model::Route& wanted, const Survey& survey) {
  for (const auto& foreign : survey.facts.foreign_routes) {
    if (foreign.destination == wanted.destination) return "held by another";
    if (wanted.destination.contains(foreign.destination)) return "shadowed";
  }
  const auto& diversions = survey.facts.diversions;
  const auto diverted = std::lower_bound(diversions.begin(), diversions.end(), wanted.destination,
                                         [](const auto& diversion, const auto& destination) {
                                           return diversion.destination < destination;
                                         });
  if (diverted != diversions.end() && diverted->destination == wanted.destination) {
    return "diverted";
  }
  const auto found = std::lower_bound(
      survey.actual.state.routes.begin(), survey.actual.state.routes.end(), wanted,
      [](const auto& have, const auto& want) {
        return std::pair(have.destination, have.metric) < std::pair(want.destination, want.metric);
      });
  if (found == survey.actual.state.routes.end() || found->destination != wanted.destination ||
      found->metric != wanted.metric) {
    return "missing";
  }
  return *found == wanted ? "ok" : "differs";
}

void add_sysctls(const Survey& survey, std::vector<SettingStatus>& settings) {
  for (const auto& wanted : survey.desired.sysctls) {
    const auto now =
        std::find_if(survey.actual.state.sysctls.begin(), survey.actual.state.sysctls.end(),
                     [&](const auto& one) { return one.key == wanted.key; });
    const bool there = now != survey.actual.state.sysctls.end();
    settings.push_back({"sysctl " + wanted.key, wanted.value, there ? now->value : "not there",
                        there && now->value == wanted.value});
  }
}

void add_links(const Survey& survey, std::vector<SettingStatus>& settings) {
  for (const auto& wanted : survey.desired.links) {
    const auto now =
        std::find_if(survey.actual.state.links.begin(), survey.actual.state.links.end(),
                     [&](const auto& one) { return one.name == wanted.name; });
    const bool there = now != survey.actual.state.links.end();
    settings.push_back({"link " + wanted.name, wanted.address.to_string() + " up",
                        there ? now->address.to_string() + (now->up ? " up" : " down") : "missing",
                        there && *now == wanted});
  }
}

void add_firewall(const Survey& survey, std::vector<SettingStatus>& settings) {
  if (!survey.desired.firewall) return;
  const auto& actual = survey.actual.state.firewall;
  const auto& defects = survey.actual.defects;
  const bool ok = actual == survey.desired.firewall && defects.empty();
  std::string state = ok ? "in force" : actual ? "differs" : "missing";
  if (actual && !ok) {
    state += ": " + plan::detail(plan::FirewallStep{actual, survey.desired.firewall, defects});
    std::replace(state.begin(), state.end(), '\n', ';');
  }
  const auto& policy = *survey.desired.firewall;
  settings.push_back({"firewall",
                      std::to_string(policy.peer_subnets.size()) + " peer subnets, " +
                          std::to_string(policy.peer_hosts.size()) + " peer hosts",
                      state, ok});
}

void add_docker(const Survey& survey, std::vector<SettingStatus>& settings) {
  if (!survey.desired.docker || !survey.actual.state.docker) return;
  const auto& actual = *survey.actual.state.docker;
  for (const auto& [name, wanted] : survey.desired.docker->keys) {
    const auto found = actual.keys.find(name);
    const auto now = found == actual.keys.end() ? std::nullopt : found->second;
    settings.push_back({"daemon.json " + name, wanted.value_or("not set"), now.value_or("not set"),
                        now == wanted});
  }
  if (!survey.desired.docker->address) return;
  const bool ok = actual.address == survey.desired.docker->address;
  std::string state = actual.address ? actual.address->to_string() : "not there";
  if (!ok && survey.facts.docker.running) state += " (a restart of Docker is due)";
  settings.push_back({"bridge " + survey.desired.docker->bridge,
                      survey.desired.docker->address->to_string(), state, ok});
}

std::string docker_line(const model::DockerFacts& docker) {
  if (!docker.installed) return "not installed";
  const std::string version = docker.version.empty() ? "" : docker.version + ", ";
  return version + (docker.running ? "running" : "not running");
}

std::string firewall_line(const Survey& survey) {
  if (!survey.facts.firewall.variant) return "none usable (" + survey.facts.firewall.evidence + ")";
  const bool nft = *survey.facts.firewall.variant == model::FirewallVariant::kNft;
  return std::string(nft ? "nft" : "iptc") + " (" + survey.facts.firewall.evidence + ")";
}

}  // namespace

StatusReport make_status(const inventory::Inventory& inventory, const inventory::Host& host,
                         const Survey& survey) {
  StatusReport report;
  report.host = host.name;
  report.docker = docker_line(survey.facts.docker);
  report.firewall = firewall_line(survey);
  const auto names = owners(inventory);
  for (const auto& route : survey.desired.routes) {
    const auto owner = names.find(route.destination);
    report.peers.push_back(
        {owner == names.end() ? "" : owner->second, route.destination.to_string(),
         plan::show_gateways(route).substr(4),  // without "via "
         link_to(survey.facts, route.gateways.front()), route_state(route, survey)});
  }
  add_sysctls(survey, report.settings);
  add_links(survey, report.settings);
  add_firewall(survey, report.settings);
  add_docker(survey, report.settings);
  report.plan = survey.plan;
  return report;
}

}  // namespace overland::cli
