#include "cli/status_report.h"

#include <algorithm>

#include "plan/describe.h"

namespace overland::cli {
namespace {

using reconcile::Survey;

void add_fallback(const Survey& survey, std::vector<SettingStatus>& settings) {
  const auto& have = survey.actual.state.routes;
  std::size_t wanted = 0;
  std::size_t there = 0;
  for (const auto& route : survey.desired.routes) {
    if (route.kind != model::RouteKind::kUnreachable) continue;
    ++wanted;
    if (std::binary_search(have.begin(), have.end(), route)) ++there;
  }
  if (wanted == 0) return;
  settings.push_back({"fallback", std::to_string(wanted) + " unreachable routes",
                      std::to_string(there) + " in force", there == wanted});
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

std::string show_link(const model::Link& link) {
  std::string text = link.address.to_string() + (link.up ? " up" : " down");
  if (!link.vxlan) return text;
  return text + ", VNI " + std::to_string(link.vxlan->vni) + ", outer " +
         link.vxlan->local.to_string() + ", UDP port " + std::to_string(link.vxlan->port) +
         ", MTU " + std::to_string(link.vxlan->mtu);
}

void add_links(const Survey& survey, std::vector<SettingStatus>& settings) {
  for (const auto& wanted : survey.desired.links) {
    const auto now =
        std::find_if(survey.actual.state.links.begin(), survey.actual.state.links.end(),
                     [&](const auto& one) { return one.name == wanted.name; });
    const bool there = now != survey.actual.state.links.end();
    settings.push_back({"link " + wanted.name, show_link(wanted),
                        there ? show_link(*now) : "missing", there && *now == wanted});
  }
}

void add_neighbours(const Survey& survey, std::vector<SettingStatus>& settings) {
  const auto& wanted = survey.desired.neighbours;
  if (wanted.empty()) return;
  const auto& have = survey.actual.state.neighbours;
  const auto there = std::count_if(wanted.begin(), wanted.end(), [&](const auto& one) {
    return std::binary_search(have.begin(), have.end(), one);
  });
  settings.push_back(
      {"tunnel", std::to_string(wanted.size()) + (wanted.size() == 1 ? " peer" : " peers"),
       std::to_string(there) + " entered", static_cast<std::size_t>(there) == wanted.size()});
}

/// "3 peers, 4 subnets": as the inventory has them, not as sets merge them.
std::string show_peers(const inventory::Inventory& inventory, const inventory::Host& host) {
  std::size_t subnets = 0;
  for (const auto& other : inventory.hosts) {
    if (&other != &host) subnets += other.bridge_subnets().size();
  }
  const std::size_t peers = inventory.hosts.size() - 1;
  return std::to_string(peers) + (peers == 1 ? " peer, " : " peers, ") + std::to_string(subnets) +
         (subnets == 1 ? " subnet" : " subnets");
}

void add_firewall(const std::string& desired, const Survey& survey,
                  std::vector<SettingStatus>& settings) {
  if (!survey.desired.firewall) return;
  const auto& actual = survey.actual.state.firewall;
  const auto& defects = survey.actual.defects;
  const bool ok =
      actual == survey.desired.firewall && defects.empty() && !survey.actual.firewall_unread;
  std::string state = ok ? "in force" : actual ? "differs" : "missing";
  if (survey.actual.firewall_unread) {
    state = "not known";
  } else if (actual && !ok) {
    state += ": " + plan::detail(plan::FirewallStep{actual, survey.desired.firewall, defects});
    std::replace(state.begin(), state.end(), '\n', ';');
  }
  settings.push_back({"firewall", desired, state, ok});
}

void add_docker(const Survey& survey, std::vector<SettingStatus>& settings) {
  if (!survey.desired.docker || !survey.actual.state.docker) return;
  const auto& actual = *survey.actual.state.docker;
  for (const auto& [name, wanted] : survey.desired.docker->keys) {
    const auto found = actual.keys.find(name);
    const auto now = found == actual.keys.end() ? std::nullopt : found->second;
    const bool known = !survey.actual.daemon_json_unread;
    settings.push_back({"daemon.json " + name, wanted.value_or("not set"),
                        known ? now.value_or("not set") : "not known", known && now == wanted});
  }
  if (!survey.desired.docker->address) return;
  const bool ok = actual.address == survey.desired.docker->address;
  std::string state = actual.address ? actual.address->to_string() : "not there";
  if (!ok && survey.facts.docker.running) state += " (a restart of Docker is due)";
  settings.push_back({"bridge " + survey.desired.docker->bridge,
                      survey.desired.docker->address->to_string(), state, ok});
}

void add_networks(const Survey& survey, std::vector<SettingStatus>& settings) {
  const auto& now = survey.facts.docker.networks;
  for (const auto& wanted : survey.desired.networks) {
    const std::string said =
        std::string(model::name_of(wanted.driver)) + " " + wanted.subnet.to_string();
    const auto found = std::ranges::find(now, wanted.name, &model::DockerNetwork::name);
    std::string state = survey.actual.networks_unread ? "not known" : "missing";
    bool ok = false;
    if (found != now.end()) {
      const bool follows = wanted.maker == model::NetworkMaker::kOthers;
      const std::vector<model::Prefix> subnets = {wanted.subnet};
      ok = follows ? found->driver == model::name_of(wanted.driver) && found->subnets == subnets
                   : found->ours == std::optional(wanted);
      state = found->driver;
      for (const auto& subnet : found->subnets) state += " " + subnet.to_string();
      const auto& broken = survey.facts.broken_networks;
      if (std::ranges::find(broken, wanted.name) != broken.end()) {
        ok = false;
        state += ", its parent was gone";
      } else if (!ok) {
        state += follows || found->ours ? ", differs" : ", somebody else's";
      }
    }
    settings.push_back({"network " + wanted.name, said, state, ok});
  }
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

/// What becomes of packets nobody lets through, and why.
std::string guard_line(const inventory::Host& host, const Survey& survey) {
  if (!survey.desired.firewall) return "none";
  switch (survey.desired.firewall->guard) {
    case model::FirewallGuard::kForwardPolicy:
      return "policy DROP of FORWARD";
    case model::FirewallGuard::kChain:
      return "chain guard of table ip overland";
    case model::FirewallGuard::kNone:
      break;
  }
  if (host.firewall.guard == inventory::Guard::kOff) return "none: the inventory says \"off\"";
  if (survey.facts.forwarding == model::Forwarding::kForeign) {
    return std::string("none: ") + model::kIpForward + " was 1 before overland, nothing is touched";
  }
  if (survey.facts.firewall.docker_nft_backend) {
    return "none: the kernel cannot tell Docker's bridges from other links";
  }
  if (!survey.facts.docker.drops_forwarded) return "none: dockerd is told to set none";
  return std::string("none: dockerd sets one when it turns ") + model::kIpForward + " on";
}

}  // namespace

StatusReport make_status(const inventory::Inventory& inventory, const inventory::Host& host,
                         const Survey& survey, Background background) {
  StatusReport report;
  const bool refused = !background.refused.empty();
  report.host = host.name;
  report.verdict = verdict_of(survey.plan, refused);
  report.standing = show_standing(survey.plan, refused);
  report.generation = inventory.generation;
  report.hosts = inventory.hosts.size();
  report.docker = docker_line(survey.facts.docker);
  report.firewall = firewall_line(survey);
  report.guard = guard_line(host, survey);
  report.peers = peer_states(inventory, survey, background.neighbours);
  report.background = std::move(background);
  add_fallback(survey, report.settings);
  add_sysctls(survey, report.settings);
  add_links(survey, report.settings);
  add_neighbours(survey, report.settings);
  add_firewall(show_peers(inventory, host), survey, report.settings);
  add_docker(survey, report.settings);
  add_networks(survey, report.settings);
  report.plan = survey.plan;
  return report;
}

}  // namespace overland::cli
