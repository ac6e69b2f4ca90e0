#include "probe/networks.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "probe/why.h"

namespace overland::probe {
namespace {

using inventory::NetworkReach;

/// Why it is not asked; empty where it is.
std::string unasked(const inventory::Network& network, const inventory::HostNetwork& part,
                    const inventory::Host& self) {
  if (network.internal) return "it is internal: nobody outside of it is let in";
  if (network.reach == NetworkReach::kNetwork) {
    return "reach = \"network\": only its own containers are let in";
  }
  if (network.driver == model::NetworkDriver::kBridge) return {};
  if (!part.shim) {
    return "without a shim its host has no address in it that would answer for certain";
  }
  const bool near = network.segment && self.address_in(*network.segment) != nullptr;
  if (!part.routed && !near) return "this host is not in its segment, and no route leads there";
  return {};
}

std::string title(const PeerNetwork& network) {
  return "network " + network.name + " (" + network.led.to_string() + ")";
}

class Networks {
 public:
  Networks(const Peer& peer, const Evidence& evidence, const Setting& setting, Verdict& verdict)
      : peer_(peer), evidence_(evidence), setting_(setting), verdict_(verdict) {}

  void judge() {
    const bool reached = verdict_.reached;
    for (std::size_t i = 0; i < peer_.networks.size(); ++i) {
      const PeerNetwork& network = peer_.networks[i];
      const Echo* const echo = network.at ? asked(*network.at) : nullptr;
      const bool answers = echo != nullptr && echo->answered;
      verdict_.networks.push_back(!network.at ? Part::kNone : answers ? Part::kOk : Part::kNo);
      if (!network.at || !reached) continue;
      if (answers) {
        note_source(network, *echo);
      } else {
        verdict_.reached = false;
        verdict_.faults.push_back(why(network, evidence_.networks[i], echo));
      }
    }
  }

 private:
  [[nodiscard]] const Echo* asked(const model::Address& at) const {
    const auto found = std::ranges::find_if(evidence_.echoes, [&](const Echo& echo) {
      return echo.purpose == Purpose::kNetwork && echo.to == at;
    });
    return found == evidence_.echoes.end() ? nullptr : &*found;
  }

  void note_source(const PeerNetwork& network, const Echo& echo) {
    if (!echo.left_as || *echo.left_as == setting_.stand.sender.source) return;
    verdict_.notes.push_back("packets to " + title(network) + " leave as " +
                             echo.left_as->to_string());
  }

  [[nodiscard]] bool its_own(const model::Address& address) const {
    const auto in = [&](const auto& list) {
      return std::ranges::find(list, address) != list.end();
    };
    return in(peer_.hosts) || in(peer_.outer) || in(peer_.bridges);
  }

  [[nodiscard]] Fault why(const PeerNetwork& network, const NetworkWay& to,
                          const Echo* echo) const {
    if (to.way.error != 0) {
      return {Place::kHere, "there is no way to " + title(network) + ": run `overland status`"};
    }
    if (to.way.local) {
      return {Place::kHere, network.at->to_string() + ", of " + title(network) +
                                " there, is an address of this host itself"};
    }
    if (echo == nullptr || echo->tries == 0) {
      return {Place::kUnknown, title(network) + " was not asked: there was no time left"};
    }
    if (echo->refused == EPERM) {
      return {Place::kHere, "a rule for what is sent drops packets to " + title(network)};
    }
    if (echo->complaint) return complaint(network, echo->complaint->from);
    if (echo->came_back) {
      return {Place::kHere,
              "answers of " + title(network) + " come in and are dropped on this host"};
    }
    if (to.watched && !echo->left_as) {
      return {Place::kHere, "packets to " + title(network) + " do not leave by " + to.way.link +
                                ": a rule of this host drops or rejects them, or nobody has " +
                                to.way.hop().to_string() + " there"};
    }
    const std::string silent = network.at->to_string() + ", " + network.what + " of " +
                               title(network) + ", does not answer, though " + peer_.name +
                               " does: ";
    return its_own(to.way.hop())
               ? Fault{Place::kPeer, silent + "run `overland status` there"}
               : Fault{Place::kUnknown,
                       silent + "it is not there, or a router on the way does not lead to it"};
  }

  [[nodiscard]] Fault complaint(const PeerNetwork& network, const model::Address& from) const {
    if (its_own(from)) {
      return {Place::kPeer, peer_.name + " has no " + network.at->to_string() + ", " +
                                network.what + " of " + title(network) +
                                ": run `overland status` there"};
    }
    return {Place::kWay,
            who(from, setting_.names) + " knows no way to " + title(network) + " of " + peer_.name};
  }

  const Peer& peer_;
  const Evidence& evidence_;
  const Setting& setting_;
  Verdict& verdict_;
};

}  // namespace

std::vector<PeerNetwork> networks_of(const inventory::Inventory& inventory,
                                     const inventory::Host& self, const inventory::Host& host) {
  std::vector<PeerNetwork> result;
  if (!host.networks) return result;
  for (const auto& part : *host.networks) {
    const auto& network = inventory.networks[part.network];
    PeerNetwork one;
    one.name = network.name;
    one.led = part.range.value_or(part.subnet);
    one.unasked = unasked(network, part, self);
    const bool bridge = network.driver == model::NetworkDriver::kBridge;
    one.what = bridge ? "the gateway" : "the shim";
    // Docker's choice of a gateway is the first address.
    const auto first = model::Address::from_ipv4(part.subnet.network().ipv4() + 1);
    if (one.unasked.empty()) one.at = bridge ? part.gateway.value_or(first) : *part.shim;
    result.push_back(std::move(one));
  }
  return result;
}

std::vector<model::Address> addresses_in(const std::vector<PeerNetwork>& networks) {
  std::vector<model::Address> result;
  for (const auto& network : networks) {
    if (network.at) result.push_back(*network.at);
  }
  return result;
}

void look_at_networks(const Sender& sender, const std::vector<Peer>& peers,
                      const std::function<bool(const std::string& link)>& watch,
                      std::vector<Evidence>& evidence) {
  std::vector<model::Address> ends;
  for (const Peer& peer : peers) {
    const auto own = addresses_in(peer.networks);
    ends.insert(ends.end(), own.begin(), own.end());
  }
  if (ends.empty()) return;
  const auto ways = look_up(sender, ends);
  auto next = ways.begin();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    for (const auto& network : peers[i].networks) {
      NetworkWay to;
      if (network.at) to.way = *next++;
      to.watched = !to.way.link.empty() && watch(to.way.link);
      evidence[i].networks.push_back(std::move(to));
    }
  }
}

void judge_networks(const Peer& peer, const Evidence& evidence, const Setting& setting,
                    Verdict& verdict) {
  Networks(peer, evidence, setting, verdict).judge();
}

}  // namespace overland::probe
