#include "plan/network_change.h"

#include <algorithm>

#include "plan/diff.h"

namespace overland::plan {
namespace {

using model::DockerNetwork;
using model::MissingMembers;
using model::Network;
using model::NetworkMember;
using model::Severity;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// nullptr where nobody is missing.
const MissingMembers* missing(const Look& look, const std::string& name) {
  const auto& all = look.facts.missing_members;
  if (!all) return nullptr;
  const auto found = std::ranges::find(*all, name, &MissingMembers::network);
  return found == all->end() ? nullptr : &*found;
}

/// Who keeps a network from being removed; empty where nobody does.
std::string users_of(const DockerNetwork* network) {
  if (network == nullptr) return {};
  if (!network->members) return "containers that are not known";
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> named;
  for (const auto& one : *network->members) {
    if (named.size() < kNamed) named.push_back(one.name);
  }
  const std::size_t more = network->members->size() - named.size();
  if (more > 0) named.push_back(std::to_string(more) + " more");
  return join(named, ", ");
}

/// All that are to be on it afterwards.
Moved moved_of(const DockerNetwork* network, const MissingMembers* missing) {
  Moved moved;
  if (network != nullptr && network->members) moved.members = *network->members;
  if (missing == nullptr) return moved;
  moved.gone = missing->gone;
  for (const auto& one : missing->members) {
    const auto there = std::ranges::find(moved.members, one.id, &NetworkMember::id);
    if (there == moved.members.end()) {
      moved.members.push_back(one);
    } else {
      *there = one;  // what it has now it may have from a network that is gone
    }
  }
  return moved;
}

class Changes {
 public:
  Changes(const Look& look, const std::vector<Network>& wanted, Plan& plan)
      : look_(look), wanted_(wanted), plan_(plan) {}

  void run() {
    const auto key = [](const Network& network) { return network.name; };
    keyed_diff(look_.observed.state.networks, wanted_, key, [&](const Change<Network>& one) {
      if (one.to && contains(look_.facts.waiting_networks, one.to->name)) return;
      if (!one.from) return make(*one.to);
      change({one.from, one.to});
    });
    mend();
    place_in_turn();
  }

 private:
  void make(const Network& to) {
    if (in_the_way(to, false)) return;
    const auto* waiting = missing(look_, to.name);
    steps_.push_back({std::nullopt, to});
    if (waiting != nullptr) steps_.back().moved = moved_of(nullptr, waiting);
  }

  /// Changes and removes what nobody uses, or with the users where that was asked for, or begun.
  void change(NetworkStep step) {
    const auto& name = step.from->name;
    const auto* now = find_network(look_, name);
    const auto* waiting = missing(look_, name);
    const auto users = users_of(now);
    const bool asked =
        step.to ? look_.options.recreate_networks || begun(*step.from) : look_.options.evict;
    if (step.to && in_the_way(*step.to, true)) return keep(std::move(step));
    const bool known = now == nullptr || now->members;
    if (!users.empty() && (!asked || !known)) return hold(std::move(step), users);
    if (step.to && asked && now != nullptr) {
      step.moved = moved_of(now, waiting);
      if (misfits(step)) return keep(std::move(step));
    }
    step.members = asked;
    steps_.push_back(std::move(step));
  }

  /// Whether an earlier run was cut off in the middle of it, or of what needs its subnet.
  [[nodiscard]] bool begun(const Network& from) const {
    if (const auto* own = missing(look_, from.name)) return !own->members.empty();
    return std::ranges::any_of(wanted_, [&](const Network& other) {
      const auto* waiting = missing(look_, other.name);
      return waiting != nullptr && !waiting->members.empty() && other.subnet.overlaps(from.subnet);
    });
  }

  /// Those whose parent was lost, and those that stand as wanted without all their members.
  void mend() {
    for (const auto& one : wanted_) {
      const auto& now = look_.observed.state.networks;
      const bool stands = std::ranges::find(now, one) != now.end();
      if (!stands || contains(look_.facts.waiting_networks, one.name)) continue;
      const auto* waiting = missing(look_, one.name);
      if (contains(look_.facts.broken_networks, one.name)) {
        change({one, one});
      } else if (waiting != nullptr) {
        steps_.push_back({one, one, false, moved_of(nullptr, waiting)});
      }
    }
  }

  /// Somebody else's network that keeps ours from being made; whether there is one.
  bool in_the_way(const Network& wanted, bool stands) {
    for (const auto& other : look_.facts.docker.networks) {
      if (other.ours) continue;
      const bool same_name = other.name == wanted.name;
      const auto over =
          std::find_if(other.subnets.begin(), other.subnets.end(),
                       [&](const auto& subnet) { return subnet.overlaps(wanted.subnet); });
      if (!same_name && over == other.subnets.end()) continue;
      const std::string of_that_name =
          stands ? "a second network of that name, " + other.id.substr(0, 12) +
                       ", which somebody else made, keeps it from being made anew"
                 : "a network of that name exists that somebody else made";
      plan_.findings.push_back(
          {Severity::kConflict, resource_of(wanted.name),
           same_name ? of_that_name
                     : "network " + other.name + " of somebody else's has " + over->to_string() +
                           ", which covers its subnet " + wanted.subnet.to_string(),
           same_name
               ? "docker network rm " + (stands ? other.id.substr(0, 12) : wanted.name) +
                     " once no container uses it" + (stands ? "" : ", or say manage = \"follow\"")
               : "make " + other.name + " anew with another subnet, or correct the inventory"});
      return true;
    }
    return false;
  }

  /// Containers with an address that the new network does not give; whether there are any. Docker
  /// would refuse them once they are off the old one.
  bool misfits(const NetworkStep& step) {
    std::vector<std::string> named;
    std::string first;
    for (const auto& one : step.moved->members) {
      if (!one.address || can_have(*step.to, *one.address)) continue;
      if (first.empty()) first = one.name;
      named.push_back(one.name + " (" + one.address->to_string() + ")");
    }
    if (named.empty()) return false;
    plan_.findings.push_back(
        {Severity::kAdvice, resource_of(step.to->name),
         "it is not made anew as " + step.to->subnet.to_string() +
             ": Docker would not put back who has an address there that was chosen for it: " +
             join(named, ", "),
         "docker network disconnect " + step.to->name + " " + first +
             ", then overland apply --recreate-networks, then connect it with another address"});
    return true;
  }

  void hold(NetworkStep step, const std::string& users) {
    const auto& name = step.from->name;
    const bool goes = !step.to;
    const bool holds = look_.options.hold;
    const std::string of = users + (users.find(',') == std::string::npos ? " uses" : " use");
    const std::string lost =
        step.from == step.to ? "has lost its parent, and containers with it: " : "";
    if (step.to && look_.facts.docker.networks_known) {
      const auto* now = find_network(look_, name);
      NetworkStep asked = step;
      asked.moved = moved_of(now, missing(look_, name));
      if (holds && misfits(asked)) return keep(std::move(step));
    }
    plan_.findings.push_back(
        {Severity::kAdvice, resource_of(name),
         !holds ? "stays, since " + of + " it"
         : goes ? "is not in the inventory any more, and " + of + " it"
                : lost + of + " it, and a network cannot be changed while it is used",
         !holds
             ? "docker network disconnect -f " + name + " CONTAINER for each, then overland purge"
         : goes ? "take them off it, then overland apply; or overland apply --prune, which "
                  "disconnects them"
                : "overland apply --recreate-networks makes it anew and connects them again: "
                  "their connections break"});
    keep(std::move(step));
  }

  void keep(NetworkStep step) {
    step.moved = std::nullopt;
    plan_.held.emplace_back(std::move(step));
  }

  /// What `one` has that Docker gives to nobody else meanwhile; empty where `wanted` needs none.
  [[nodiscard]] std::string needed_of(const Network& one, const Network& wanted) const {
    const auto& docker = look_.facts.docker;
    if (!fit_on_parents(docker.version, one, wanted)) return "link " + one.parent;
    return one.subnet.overlaps(wanted.subnet) ? one.subnet.to_string() : "";
  }

  /// The first of the others whose present subnet or parent `step` needs; nullptr where none does.
  [[nodiscard]] const NetworkStep* blocker(const NetworkStep& step) const {
    if (!step.to) return nullptr;
    for (const auto& other : steps_) {
      if (!other.from || !other.to || other.from == other.to) continue;
      const bool same = other.from->name == step.to->name;
      if (!same && !needed_of(*other.from, *step.to).empty()) return &other;
    }
    return nullptr;
  }

  /// A network of ours that stays as it is, on that subnet or parent; nullptr where none does.
  [[nodiscard]] const Network* occupant(const Network& wanted) const {
    for (const auto& one : look_.observed.state.networks) {
      const auto needed = needed_of(one, wanted);
      if (one.name == wanted.name || needed.empty()) continue;
      const bool moves = std::ranges::any_of(steps_, [&](const NetworkStep& step) {
        return step.from && step.from->name == one.name && step.from != step.to &&
               (step.to || look_.options.prune);
      });
      const bool shared = one.driver != model::NetworkDriver::kBridge &&
                          one.subnet == wanted.subnet && needed == one.subnet.to_string();
      if (!moves && !shared) return &one;
    }
    return nullptr;
  }

  /// Those that need what one has that stays, as long as that finds any.
  void hold_back_blocked() {
    for (bool again = true; again;) {
      again = false;
      for (auto step = steps_.begin(); step != steps_.end() && !again; ++step) {
        if (!step->to || step->only_connects() || step->from == step->to) continue;
        const auto* stays = occupant(*step->to);
        if (stays == nullptr) continue;
        plan_.findings.push_back({Severity::kAdvice, resource_of(step->to->name),
                                  "waits for network " + stays->name + ", which still has " +
                                      needed_of(*stays, *step->to),
                                  "overland apply --recreate-networks makes both anew"});
        keep(std::move(*step));
        steps_.erase(step);
        again = true;
      }
    }
  }

  void place_in_turn() {
    hold_back_blocked();
    while (!steps_.empty()) {
      auto next = std::ranges::find_if(steps_, [&](const auto& one) { return !blocker(one); });
      if (next == steps_.end()) {
        // Around in a circle. Who was on it is remembered with its making.
        auto& first = steps_.front();
        plan_.steps.emplace_back(NetworkStep{first.from, std::nullopt, first.members, first.moved});
        first.from = std::nullopt;
        first.members = false;
        continue;
      }
      place(*next, look_, plan_).emplace_back(std::move(*next));
      steps_.erase(next);
    }
  }

  const Look& look_;
  const std::vector<Network>& wanted_;
  Plan& plan_;
  std::vector<NetworkStep> steps_;
};

}  // namespace

std::string resource_of(const std::string& network) { return "network " + network; }

const DockerNetwork* find_network(const Look& look, const std::string& name) {
  const DockerNetwork* found = nullptr;
  for (const auto& one : look.facts.docker.networks) {
    if (one.name == name && (found == nullptr || one.ours)) found = &one;
  }
  return found;
}

void change_networks(const Look& look, const std::vector<Network>& wanted, Plan& plan) {
  Changes(look, wanted, plan).run();
}

}  // namespace overland::plan
