// Docker networks of ours, and those the inventory follows. A network cannot be changed: it is made
// anew, which containers on it do not survive unasked.

#include "plan/diff.h"
#include "plan/network_change.h"
#include "plan/nouns.h"

namespace overland::plan {
namespace {

using model::Network;
using model::NetworkDriver;
using model::NetworkMaker;
using model::Severity;

std::string show(const Network& network) {
  std::string text = std::string(name_of(network.driver)) + " " + network.subnet.to_string();
  const auto add = [&text](bool so, const std::string& part) { text += so ? ", " + part : ""; };
  add(!network.mode.empty(), "mode " + network.mode);
  add(network.range.has_value(), "range " + (network.range ? network.range->to_string() : ""));
  add(network.gateway.has_value(),
      "gateway " + (network.gateway ? network.gateway->to_string() : ""));
  std::vector<std::string> reserved;
  for (const auto& address : network.reserved) reserved.push_back(address.to_string());
  add(!reserved.empty(), "without " + join(reserved, " "));
  add(!network.link.empty(), "link " + network.link);
  add(!network.parent.empty(), "on " + network.parent);
  add(network.internal, "internal");
  for (const auto& [name, value] : network.options) add(true, name + "=" + value);
  return text;
}

/// What others make is only compared.
void follow(const Look& look, const Network& wanted, Plan& plan) {
  const auto* now = find_network(look, wanted.name);
  const auto tell = [&](const std::string& message) {
    plan.findings.push_back({Severity::kConflict, resource_of(wanted.name), message,
                             "make it so by the tool that owns it, or say manage = \"create\""});
  };
  const std::string said = std::string(name_of(wanted.driver)) + " " + wanted.subnet.to_string();
  if (now == nullptr) return tell("is not there; the inventory follows one that is " + said);
  const bool same =
      now->driver == name_of(wanted.driver) && now->subnets == std::vector{wanted.subnet};
  if (same) return;
  std::vector<std::string> subnets;
  for (const auto& subnet : now->subnets) subnets.push_back(subnet.to_string());
  tell("is " + now->driver + " " + join(subnets, ", ") + ", the inventory says " + said);
}

/// A parent that Docker made for another network for want of one, with that one's id in its name.
void note_dockers_parent(const Look& look, const Network& wanted, Plan& plan) {
  constexpr std::size_t kPrefix = 3;  // "dm-", "di-"
  for (const auto& other : look.facts.docker.networks) {
    if (other.name == wanted.name || wanted.parent.size() <= kPrefix) continue;
    const bool own =
        other.parent == wanted.parent && other.id.starts_with(wanted.parent.substr(kPrefix));
    if (!own) continue;
    plan.findings.push_back({Severity::kConflict, resource_of(wanted.name),
                             "its parent, link " + wanted.parent +
                                 ", is Docker's own for network " + other.name +
                                 ", leads nowhere, and goes with it",
                             "give it a link of this machine as its parent"});
  }
}

}  // namespace

bool fit_on_parents(std::string_view version, const Network& one, const Network& other) {
  if (one.parent.empty() || one.parent != other.parent) return true;
  const bool ipvlan =
      one.driver == NetworkDriver::kIpvlan || other.driver == NetworkDriver::kIpvlan;
  return !ipvlan && model::docker_shares_parents(version);
}

void plan_networks(const Look& look, Plan& plan) {
  const auto& desired = look.desired.networks;
  if (look.observed.networks_unread) {
    const bool purges = !look.options.hold;
    if ((desired.empty() && !purges) || look.options.defer) return;
    plan.findings.push_back({Severity::kAdvice, "networks",
                             "Docker's networks are not known: it does not run, or does not answer",
                             purges ? "start Docker, then overland purge again"
                                    : "the next apply makes them once Docker runs"});
    return;
  }
  std::vector<Network> wanted;
  for (const auto& one : desired) {
    if (one.maker == NetworkMaker::kOverland) {
      note_dockers_parent(look, one, plan);
      wanted.push_back(one);
    } else {
      follow(look, one, plan);
    }
  }
  change_networks(look, wanted, plan);
}

Words words_of(const NetworkStep& step) {
  const std::string resource = resource_of((step.to ? step.to : step.from)->name);
  std::string text = step.only_connects()                ? show(*step.to)
                     : step.from && step.from == step.to ? show(*step.to) + ", made anew"
                                                         : from_to(step, show);
  if (step.members && step.from) {
    text += step.to ? "; containers are connected again" : "; containers are disconnected";
  } else if (step.moved && !step.moved->members.empty()) {
    std::vector<std::string> names;
    for (const auto& one : step.moved->members) names.push_back(one.name);
    text += "; connected again: " + join(names, ", ");
  }
  if (step.moved && !step.moved->gone.empty()) {
    text += "; was on it, and is no more: " + join(step.moved->gone, ", ");
  }
  return {resource, text};
}

std::optional<Step> reverse(const NetworkStep& step) {
  return NetworkStep{step.to, step.from, step.members || step.to};
}

std::optional<Cover> cover(const NetworkStep& step) {
  if (!step.to || step.to->driver != NetworkDriver::kBridge) return std::nullopt;
  const auto& subnet = step.to->subnet;
  if (step.from && step.from->subnet.overlaps(subnet)) return std::nullopt;
  return Cover{"the subnet " + subnet.to_string() + " of network " + step.to->name, subnet, false,
               true};
}

}  // namespace overland::plan
