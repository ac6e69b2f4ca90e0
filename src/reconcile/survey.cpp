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

/// Of links that containers' packets may come in by: a container's own end has no IPv4 address.
void look_at_forwarding(host::Sysctls& sysctls, std::vector<model::LinkFacts>& links) {
  // While it is off as a whole that is all there is to say.
  if (sysctls.read(model::kIpForward) != "1") return;
  for (auto& link : links) {
    const bool addressed = std::ranges::any_of(link.addresses, [](const auto& one) {
      return one.address.family() == model::Family::kInet4;
    });
    if (!addressed && !link.bridge && !link.ours) continue;
    link.forwards = sysctls.read(model::link_parameter(link.name, "forwarding")) != "0";
  }
}

/// Direct routing that stands there because we asked for it is nobody's wish to be open. Where the
/// memory of it is lost our own drop tells: it stands nowhere else.
void disown_direct_routing(const SavedState& saved, model::HostFacts& facts) {
  const auto key = saved.daemon_keys.find("allow-direct-routing");
  const bool theirs =
      key == saved.daemon_keys.end() ? !facts.firewall.direct_drop : key->second.before == "true";
  facts.docker.direct_routing = facts.docker.direct_routing && theirs;
}

/// Adds the keys that we set and the inventory asks for no more, as they were before: Docker's for
/// its nftables backend after a switch back, with which an older dockerd does not even start. Their
/// names.
std::vector<std::string> withdraw_keys(const SavedState& saved, const model::HostFacts& facts,
                                       model::HostState& desired) {
  std::vector<std::string> names;
  const bool known = facts.docker.unknown.empty() && !facts.docker.configured_backend.empty();
  if (!known || !desired.docker || desired.docker->mode != model::DaemonJsonMode::kMerge) return {};
  for (const auto& [name, value] : saved.daemon_keys) {
    if (desired.docker->keys.try_emplace(name, value.before).second) names.push_back(name);
  }
  return names;
}

/// What somebody else has set since stays.
void keep_foreign_keys(const std::vector<std::string>& withdrawn, const SavedState& saved,
                       const model::Observed& actual, model::HostState& desired) {
  for (const auto& name : withdrawn) {
    if (!actual.state.docker) return;
    const auto now = actual.state.docker->keys.find(name);
    const auto value = now == actual.state.docker->keys.end() ? std::nullopt : now->second;
    if (value != saved.daemon_keys.at(name).set) desired.docker->keys[name] = value;
  }
}

/// Address pools that somebody else has set stay, and are a conflict, unless they are `adopted`:
/// they are a choice for that one host, where bip is its place in the cluster.
void keep_foreign_pools(const SavedState& saved, bool adopted, model::Observed& actual,
                        model::HostState& desired) {
  const std::string key = "default-address-pools";
  if (adopted || !desired.docker || desired.docker->mode != model::DaemonJsonMode::kMerge) return;
  const auto wanted = desired.docker->keys.find(key);
  if (wanted == desired.docker->keys.end() || !actual.state.docker) return;
  const auto now = actual.state.docker->keys.find(key);
  const auto ours = saved.daemon_keys.find(key);
  if (now == actual.state.docker->keys.end() || !now->second || now->second == wanted->second) {
    return;
  }
  // What we have given back is somebody else's again.
  const bool set = ours != saved.daemon_keys.end() && ours->second.set == now->second;
  if (set && ours->second.before != now->second) return;
  actual.findings.push_back(
      {model::Severity::kConflict, "daemon.json " + key,
       "is " + *now->second + ", which somebody else has set; the inventory wants " +
           wanted->second.value_or("it not set"),
       "take it out, make address_pools of this host agree, or let overland take it over with "
       "--adopt"});
  wanted->second = now->second;
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
  facts.boot = ports.sysctls.read("kernel.random.boot_id").value_or("");
  facts.links = ports.links.facts();
  look_at_rp_filter(ports.sysctls, facts.links);
  look_at_forwarding(ports.sysctls, facts.links);
  answered("docker", facts.docker.unknown, [&] { facts.docker = ports.docker.facts(); });
  answered("firewall", facts.firewall.unknown,
           [&] { facts.firewall = ports.firewall.facts(facts.docker); });
  return facts;
}

void ask_kernel(const host::Ports& ports, const model::HostState& desired,
                model::HostFacts& facts) {
  const bool ipvlan = std::ranges::any_of(desired.networks, [](const auto& network) {
    return network.driver == model::NetworkDriver::kIpvlan &&
           network.maker == model::NetworkMaker::kOverland;
  });
  if (ipvlan) facts.no_ipvlan = !ports.links.makes_ipvlan();
  const bool tunnel =
      std::ranges::any_of(desired.links, [](const auto& link) { return link.vxlan.has_value(); });
  if (tunnel) facts.no_vxlan = !ports.links.makes_vxlan();
  const auto at_a_link = [](const auto& guard) { return !guard.tracked; };
  if (desired.firewall && std::ranges::any_of(desired.firewall->ipvlan_guards, at_a_link)) {
    answered("firewall", facts.firewall.unknown,
             [&] { facts.firewall.no_link_guards = !ports.firewall.guards_links(); });
  }
}

namespace {

/// By the facts in `result`.
void aim_and_plan(const host::Ports& ports, const Goal& goal, const SavedState& saved,
                  const plan::Options& options, Survey& result) {
  Aim aim = goal(result.facts);
  result.desired = std::move(aim.state);
  const auto withdrawn = withdraw_keys(saved, result.facts, result.desired);
  result.actual = observe(ports, result.desired, saved, result.facts);
  keep_foreign_keys(withdrawn, saved, result.actual, result.desired);
  keep_foreign_pools(saved, options.adopt, result.actual, result.desired);
  plan::Options given = options;
  given.hold_forwarding = plan::forwarding_waits(result.actual, result.desired, result.facts,
                                                 saved.sysctls.contains(model::kIpForward));
  plan::keep_standing(result.desired, result.actual, result.facts);
  model::HostState pruned;
  pruned.firewall = std::move(aim.pruned_firewall);
  plan::keep_standing(pruned, result.actual, result.facts);
  given.pruned_firewall = std::move(pruned.firewall);
  result.plan = plan::make_plan(result.actual, result.desired, result.facts, given);
}

/// Networks that shall change and do not now.
std::vector<std::string> held_networks(const plan::Plan& plan) {
  std::vector<std::string> names;
  for (const auto& step : plan.held) {
    const auto* network = std::get_if<plan::NetworkStep>(&step);
    if (network == nullptr || !network->from || !network->to) continue;
    if (network->from != network->to) names.push_back(network->from->name);
  }
  return names;
}

}  // namespace

Survey survey(const host::Ports& ports, const Goal& goal, const SavedState& saved,
              const plan::Options& options) {
  Survey result;
  result.facts = look(ports);
  result.facts.forwarding =
      who_forwards(ports.sysctls.read(model::kIpForward), saved, result.facts);
  disown_direct_routing(saved, result.facts);
  aim_and_plan(ports, goal, saved, options, result);
  // What is held is known once it is planned: policy, shim and routes are to stay with it.
  result.facts.held_networks = held_networks(result.plan);
  if (!result.facts.held_networks.empty()) aim_and_plan(ports, goal, saved, options, result);
  return result;
}

void look_who_drops(const host::Ports& ports, Survey& survey) {
  if (!survey.desired.firewall) return;
  auto found = ports.firewall.droppers(*survey.desired.firewall);
  std::move(found.begin(), found.end(), std::back_inserter(survey.plan.findings));
}

}  // namespace overland::reconcile
