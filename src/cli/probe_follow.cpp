#include "cli/probe_follow.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>

#include "firewall/untracked_table.h"
#include "firewall/witness.h"
#include "probe/judge.h"
#include "probe/resend.h"

namespace overland::cli {
namespace {

/// One rule mostly drops what goes to many.
constexpr std::size_t kMostFlows = 16;
constexpr std::chrono::milliseconds kBound(1500);

/// To whom packets are followed.
model::Address followed(const probe::Peer& peer, const probe::Evidence& evidence) {
  for (const auto& echo : evidence.echoes) {
    if (echo.came_back && !echo.answered) return echo.to;
  }
  return probe::end_of_way(peer);
}

std::uint16_t some_id() { return static_cast<std::uint16_t>(std::random_device()()); }

class Follower {
 public:
  Follower(const probe::Stand& stand, const std::vector<probe::Peer>& peers,
           std::vector<probe::Evidence>& evidence)
      : stand_(stand), peers_(peers), evidence_(evidence) {}

  void ask() {
    std::optional<std::size_t> not_let_in;
    std::vector<std::size_t> lost;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if (probe::lost_here(peers_[i], evidence_[i]) == probe::Lost::kNothing) continue;
      const bool inbound = std::ranges::any_of(evidence_[i].echoes, [](const auto& echo) {
        return echo.purpose == probe::Purpose::kInbound && echo.came_back && !echo.answered;
      });
      if (inbound) {
        not_let_in = i;
      } else if (lost.size() < kMostFlows) {
        lost.push_back(i);
      }
    }
    if (!lost.empty()) witness(lost);
    if (not_let_in) {
      const std::uint16_t id = some_id();
      const firewall::UntrackedTable untracked(stand_.sender.source, id);
      witness({*not_let_in}, id);
    }
  }

 private:
  void witness(const std::vector<std::size_t>& lost, std::optional<std::uint16_t> only = {}) {
    const std::uint16_t first = only.value_or(some_id());
    std::vector<firewall::WitnessedFlow> flows;
    std::vector<probe::Resent> echoes;
    for (std::size_t i = 0; i < lost.size(); ++i) {
      const auto id = static_cast<std::uint16_t>(first + i);
      const auto to = followed(peers_[lost[i]], evidence_[lost[i]]);
      flows.push_back({stand_.sender.source, to, id});
      echoes.push_back({to, id});
    }
    const auto drops = firewall::witness(
        flows, [&] { probe::resend(stand_, echoes); }, kBound);
    for (const auto& drop : drops) {
      for (std::size_t i = 0; i < flows.size(); ++i) {
        if (flows[i] != drop.flow) continue;
        evidence_[lost[i]].drops.push_back({drop.reply, drop.certain, drop.rule});
      }
    }
  }

  const probe::Stand& stand_;
  const std::vector<probe::Peer>& peers_;
  std::vector<probe::Evidence>& evidence_;
};

}  // namespace

void follow(Session& session, const probe::Stand& stand, const std::vector<probe::Peer>& peers,
            std::vector<probe::Evidence>& evidence, std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& echoes = evidence[i].echoes;
    const bool stepped = std::ranges::any_of(
        echoes, [](const auto& echo) { return echo.purpose == probe::Purpose::kStep; });
    if (!stepped) continue;
    evidence[i].stations = probe::way_to(session.inventory, *session.host, peers[i]);
  }
  try {
    Follower(stand, peers, evidence).ask();
  } catch (const base::Error& error) {
    notes.push_back(std::string("who here drops packets cannot be told: ") + error.what());
  }
}

}  // namespace overland::cli
