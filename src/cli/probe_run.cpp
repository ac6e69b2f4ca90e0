#include "cli/probe_run.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/deadline.h"
#include "base/file_lock.h"
#include "cli/probe_follow.h"
#include "docker/engine.h"
#include "firewall/untracked_table.h"
#include "probe/round.h"

namespace overland::cli {
namespace {

/// Two probes would send from one address, and by one link.
constexpr const char* kLock = "/run/overland/probe.lock";
/// Which of Docker's containers are tried, until one can send.
constexpr std::size_t kMostContainers = 3;
constexpr std::size_t kWindow = 256;  // next hops in flight
/// What a kernel takes to find that nobody has an address: three questions (mcast_solicit), one a
/// second (retrans_time), arp(7).
constexpr std::chrono::milliseconds kNeighbour(3000);
constexpr const char* kNeighbours = "net.ipv4.neigh.default.gc_thresh3";

const model::LinkFacts* find_link(const std::vector<model::LinkFacts>& links,
                                  const std::string& name) {
  const auto found = std::ranges::find_if(links, [&](const auto& one) { return one.name == name; });
  return found == links.end() ? nullptr : &*found;
}

std::optional<model::InterfaceAddress> bridge_address(const model::LinkFacts& link) {
  for (const auto& address : link.addresses) {
    if (address.address.family() == model::Family::kInet4) return address;
  }
  return std::nullopt;
}

class Run {
 public:
  Run(Session& session, const std::vector<probe::Peer>& peers, const ProbeOptions& options)
      : session_(session),
        peers_(peers),
        options_(options),
        deadline_(session.options.deadline),
        docker_(deadline_),
        links_(session.machine.ports().links.facts()),
        names_(probe::names(session.inventory)) {
    if (session.host->docker.program) docker_.prefer(*session.host->docker.program);
    report_.host = session.host->name;
    report_.tcp = options.tcp.has_value();
  }

  /// nullopt: the address we sent from was given to a container meanwhile.
  std::optional<ProbeReport> once() {
    const auto begin = std::chrono::steady_clock::now();
    make_stands();
    ask();
    if (address_taken()) return std::nullopt;
    note_neighbours();
    for (std::size_t i = 0; i < stands_.size(); ++i) {
      follow(session_, stands_[i], peers_, evidence_[i], report_.notes);
      judge(stands_[i], evidence_[i]);
    }
    report_.took =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    return std::move(report_);
  }

 private:
  probe::BridgeUse bridge_use() {
    probe::BridgeUse use;
    try {
      const auto found = docker_.bridge_use(kMostContainers);
      use.range = found.range;
      use.taken = found.reserved;
      for (const auto& container : found.containers) {
        use.taken.push_back(container.address);
        if (container.pid == 0) continue;
        use.running.push_back({container.name, container.address, container.pid});
      }
    } catch (const base::Error& error) {
      note(std::string("Docker cannot be asked for its containers: ") + error.what());
    }
    return use;
  }

  void note(std::string text) {
    if (std::ranges::find(report_.notes, text) == report_.notes.end()) {
      report_.notes.push_back(std::move(text));
    }
  }

  void make_stands() {
    const auto& host = *session_.host;
    if (host.bip) stand_on_bridge();
    if (!stands_.empty() && !host.router) return;
    for (const auto& own : host.addresses) {
      const auto link = std::ranges::find_if(links_, [&](const auto& one) {
        return std::ranges::any_of(
            one.addresses, [&](const auto& address) { return address.address == own.address; });
      });
      if (link != links_.end()) {
        stands_.push_back(probe::on_host(own.address, *link));
      } else {
        note("nothing is sent from " + own.address.to_string() +
             ": no link has it; run `overland status`");
      }
    }
    if (stands_.empty()) {
      throw base::Error(base::ErrorKind::kFailure,
                        "no link of this machine has an address of host " + host.name +
                            ": there is nowhere to send from; run `overland status`");
    }
  }

  void stand_on_bridge() {
    const std::string& name = session_.host->docker.bridge;
    const auto* link = find_link(links_, name);
    const auto address = link == nullptr ? std::nullopt : bridge_address(*link);
    if (!address || !link->up) {
      report_.no_bridge = true;
      return note("bridge " + name + (!address ? " is not there" : " is down") +
                  ": containers here reach nobody; sent is from this host itself");
    }
    if (*address != *session_.host->bip) {
      note("bridge " + name + " has " + address->to_string() + ", not " +
           session_.host->bip->to_string() +
           " as the inventory says: peers may not answer to it; run `overland status`");
    }
    const auto use = bridge_use();
    auto stand = probe::in_container(*link, use, probe::end_of_way(peers_.front()));
    stands_.push_back(stand ? std::move(*stand) : probe::in_own_space(*link, *address, use));
  }

  void ask() {
    probe::RoundOptions options;
    options.timeout = options_.timeout;
    options.window = std::max<std::size_t>(kWindow / stands_.size(), 1);
    options.tcp = options_.tcp;
    options.untrack = [&](const model::Address& source, std::uint16_t id) -> std::shared_ptr<void> {
      try {
        return std::make_shared<firewall::UntrackedTable>(source, id);
      } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::kPrivilege) throw;
        note(std::string("whether new flows are let in here is not known: ") + error.what());
        return nullptr;
      }
    };
    std::vector<std::future<std::vector<probe::Evidence>>> rounds;
    for (const auto& stand : stands_) {
      rounds.push_back(std::async(
          std::launch::async, [&, this] { return probe::ask(stand, peers_, links_, options); }));
    }
    for (auto& round : rounds) evidence_.push_back(round.get());
  }

  bool address_taken() {
    return std::ranges::any_of(stands_, [&](const auto& stand) {
      if (stand.kind != probe::Stand::Kind::kOwn) return false;
      const auto taken = bridge_use().taken;
      return std::ranges::find(taken, stand.sender.source) != taken.end();
    });
  }

  /// The kernel loses packets where the table is full, and says so in its log only.
  void note_neighbours() {
    std::set<model::Address> hops;
    for (const auto& seen : evidence_) {
      for (const auto& one : seen) {
        if (one.hop == probe::Hop::kAnswers) hops.insert(one.way.hop());
      }
    }
    const auto most = session_.machine.ports().sysctls.read(kNeighbours);
    if (!most || hops.size() < 128) return;
    const auto room = std::strtoull(most->c_str(), nullptr, 10);
    if (hops.size() + hops.size() / 8 < room) return;
    note(std::to_string(hops.size()) + " next hops nearly fill the neighbour table: set " +
         kNeighbours + " = " + *most + " higher, or packets are lost");
  }

  void judge(const probe::Stand& stand, std::vector<probe::Evidence>& evidence) {
    ProbedStand probed{stand.kind, stand.sender.source.to_string(), stand.container, {}, {}};
    const probe::Setting setting = {stand, names_, options_.tcp.has_value(),
                                    options_.timeout > kNeighbour};
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      ProbedPeer peer;
      peer.name = peers_[i].name;
      if (peers_[i].asked) peer.asked = peers_[i].containers.front().to_string();
      for (const auto* list : {&peers_[i].hosts, &peers_[i].outer}) {
        for (const auto& address : *list) peer.addresses.push_back(address.to_string());
      }
      for (const auto& subnet : peers_[i].subnets) peer.subnets.push_back(subnet.to_string());
      peer.networks = peers_[i].networks;
      if (evidence[i].way.error == 0) {
        peer.next_hop = evidence[i].way.hop().to_string();
        peer.link = evidence[i].way.link;
      }
      peer.verdict = probe::judge(peers_[i], evidence[i], setting);
      note_other_ways(peer);
      const auto& inbound = peer.verdict.inbound;
      if (inbound) probed.inbound = probed.inbound.value_or(true) && *inbound;
      probed.peers.push_back(std::move(peer));
    }
    report_.stands.push_back(std::move(probed));
  }

  /// Of several equal ways a flow takes one.
  void note_other_ways(ProbedPeer& peer) const {
    const auto& own = peer.addresses;
    const bool direct = std::ranges::find(own, peer.next_hop) != own.end();
    if (!session_.inventory.cluster.ecmp || peer.next_hop.empty() || direct) return;
    peer.verdict.notes.emplace_back("with ecmp = true other flows may go by another router than " +
                                    peer.next_hop);
  }

  Session& session_;
  const std::vector<probe::Peer>& peers_;
  const ProbeOptions& options_;
  base::Deadline deadline_;
  docker::Engine docker_;
  std::vector<model::LinkFacts> links_;
  std::map<model::Address, std::string> names_;
  std::vector<probe::Stand> stands_;
  std::vector<std::vector<probe::Evidence>> evidence_;  // by stand and peer
  ProbeReport report_;
};

}  // namespace

ProbeReport run_probe(Session& session, const std::vector<probe::Peer>& peers,
                      const ProbeOptions& options) {
  // One that goes on has as much time, and as long again to begin and to end.
  const auto lock = base::FileLock::on_own_file(kLock, 2 * options.timeout);
  constexpr int kTries = 2;
  for (int i = 0; i < kTries; ++i) {
    if (auto report = Run(session, peers, options).once()) return std::move(*report);
  }
  throw base::Error(base::ErrorKind::kFailure,
                    "containers are started so fast that no address stays free to probe from; try "
                    "again");
}

}  // namespace overland::cli
