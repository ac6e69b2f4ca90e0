#include "probe/round.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "probe/connect.h"
#include "probe/networks.h"
#include "probe/next_hops.h"
#include "probe/post.h"
#include "probe/sizes.h"

namespace overland::probe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// After this long the next peers are begun.
constexpr milliseconds kPace(150);
/// After this long without an answer of its first container those behind it are asked for.
constexpr milliseconds kWiden(20);
/// After this long without an answer a question is put once more, and others to find out why; of
/// what has answered the rest is asked.
constexpr milliseconds kRepeat(500);
/// After this long what was complained about at once is asked again.
constexpr milliseconds kDoubt(2300);
/// How long answers to what is asked besides are waited for, above four round trips.
constexpr milliseconds kBesides(250);
/// How often the peers are gone through, at most and at least.
constexpr milliseconds kLeastTick(1);
constexpr milliseconds kTick(2);
constexpr milliseconds kSlowTick(20);
/// A router more than the inventory knows of, and this many at most.
constexpr std::size_t kMostSteps = 12;

class Round {
 public:
  Round(const Stand& stand, const std::vector<Peer>& peers,
        const std::vector<model::LinkFacts>& links, const RoundOptions& options)
      : stand_(stand),
        peers_(peers),
        options_(options),
        evidence_(peers.size()),
        courses_(peers.size()),
        end_(Clock::now() + options.timeout),
        post_(stand, evidence_),
        hops_(post_),
        connections_(stand, post_) {
    look_at_ways(links);
    look_at_networks(
        stand.sender, peers, [&](const auto& link) { return post_.watch(link); }, evidence_);
    if (options.untrack && !stand.sender.link.empty()) {
      untracked_ = options.untrack(stand.sender.source, post_.inbound_id());
    }
  }

  std::vector<Evidence> run() {
    for (auto now = Clock::now();; now = Clock::now()) {
      // Whoever has answered by now is not silent, however long this process was held up.
      post_.listen(now);
      hops_.step(now);
      if (now >= end_ || !go_through(now)) break;
      // However many packets come, going through all peers for each is too much.
      do {
        post_.listen(std::min(end_, now + (waiting_ ? kTick : kSlowTick)));
      } while (Clock::now() < std::min(end_, now + kLeastTick));
    }
    for (Evidence& one : evidence_) {
      if (one.way.error == 0) one.hop = hops_.of(one.way.link, one.way.hop());
    }
    return std::move(evidence_);
  }

 private:
  struct Course {
    bool begun = false;
    bool done = false;
    bool widened = false;  // asked for more than the first container
    bool repeated = false;
    bool doubted = false;
    bool followed = false;
    bool resized = false;  // sizes between were asked for
    Clock::time_point since;
    Clock::time_point followed_at;
  };

  void look_at_ways(const std::vector<model::LinkFacts>& links) {
    std::vector<model::Address> ends;
    for (const Peer& peer : peers_) ends.push_back(end_of_way(peer));
    std::map<std::string, const model::LinkFacts*> by_name;
    for (const auto& link : links) by_name[link.name] = &link;
    const auto ways = look_up(stand_.sender, ends);
    for (std::size_t i = 0; i < ways.size(); ++i) {
      Evidence& evidence = evidence_[i];
      evidence.way = ways[i];
      if (ways[i].error != 0 || ways[i].link.empty()) continue;
      evidence.watched = post_.watch(ways[i].link);
      const auto link = by_name.find(ways[i].link);
      if (link != by_name.end()) {
        evidence.link_up = link->second->up;
        evidence.link_carrier = link->second->carrier;
      }
      if (!peers_[i].outer.empty()) post_.watch_tunnel();
      hops_.ask(ways[i].link, ways[i].hop());
    }
  }

  /// Whether there is still something to wait for.
  bool go_through(Clock::time_point now) {
    std::size_t in_flight = 0;
    waiting_ = false;
    bool left = false;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      Course& course = courses_[i];
      if (course.begun && !course.done) advance(i, now);
      if (course.begun && !course.done && now < course.since + kPace && !answered(i)) ++in_flight;
    }
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if (!courses_[i].begun && in_flight < options_.window && begin(i, now)) ++in_flight;
      left = left || !courses_[i].done;
      waiting_ = waiting_ || (!courses_[i].begun && !courses_[i].done);
    }
    return left;
  }

  /// Host, bridge and networks: those that answer at once or not at all.
  [[nodiscard]] bool answered(std::size_t peer) const {
    return settled(evidence_[peer], Purpose::kHost, false) &&
           settled(evidence_[peer], Purpose::kBridge, true) &&
           settled(evidence_[peer], Purpose::kNetwork, false);
  }

  bool begin(std::size_t peer, Clock::time_point now) {
    Evidence& evidence = evidence_[peer];
    Course& course = courses_[peer];
    const Lookup& way = evidence.way;
    // Where our own kernel has no way it is asked all the same: it may know one to the host.
    const bool led = way.error == 0 && !way.local;
    if (led && !hops_.open(way.link, way.hop())) {
      course.done = now >= hops_.end();
      return false;
    }
    course.begun = true;
    course.since = now;
    const Peer& asked = peers_[peer];
    for (const auto& address : asked.hosts) put(peer, Purpose::kHost, address);
    for (const auto& address : asked.bridges) put(peer, Purpose::kBridge, address);
    for (const auto& address : addresses_in(asked.networks)) put(peer, Purpose::kNetwork, address);
    // Mostly it answers; each that is not there costs the peer a neighbour and an ICMP error, of
    // which it sends few.
    if (!asked.containers.empty()) put(peer, Purpose::kContainer, asked.containers.front());
    return true;
  }

  void put(std::size_t peer, Purpose purpose, const model::Address& to, std::uint8_t ttl = 64,
           std::uint16_t size = 0) {
    auto& echoes = evidence_[peer].echoes;
    echoes.push_back({purpose, to, ttl, size, 0, 0, {}, {}, {}, false});
    post_.send(peer, echoes.size() - 1);
  }

  /// Puts those for `purpose` again that `again` says.
  template <typename Again>
  void repeat(std::size_t peer, Purpose purpose, Again again) {
    for (std::size_t i = 0; i < evidence_[peer].echoes.size(); ++i) {
      Echo& echo = evidence_[peer].echoes[i];
      if (echo.purpose != purpose || echo.answered || !again(echo)) continue;
      echo.complaint.reset();
      post_.send(peer, i);
    }
  }

  void advance(std::size_t peer, Clock::time_point now) {
    Evidence& evidence = evidence_[peer];
    Course& course = courses_[peer];
    // What is said at once may be the end of somebody else's question: asked again it takes its
    // time. One of each alone: of an unreachable route a kernel speaks twice, and then every two
    // seconds (ip_error() and icmpv4_xrlim_allow() take from the same tokens).
    if (!course.doubted && now >= course.since + kDoubt) {
      course.doubted = true;
      for (const Purpose purpose :
           {Purpose::kHost, Purpose::kBridge, Purpose::kNetwork, Purpose::kContainer}) {
        bool first = true;
        repeat(peer, purpose, [&](const Echo& echo) {
          return echo.complaint && echo.tries == 1 && std::exchange(first, false);
        });
      }
    }
    if (!course.widened && now >= course.since + kWiden) widen(peer);
    const bool enough =
        answered(peer) && settled(evidence, Purpose::kContainer, !peers_[peer].asked);
    if (!course.repeated && !enough && now >= course.since + kRepeat) ask_again(peer);
    if (!course.followed && (enough || now >= course.since + kRepeat)) follow(peer, now);
    const bool followed = !course.followed || besides_done(peer, now);
    course.done = enough && followed && (course.followed || !nearest_answer(evidence_[peer]));
  }

  /// Asks for the other containers, where the first has not answered.
  void widen(std::size_t peer) {
    courses_[peer].widened = true;
    if (first_answered(evidence_[peer], Purpose::kContainer)) return;
    const auto& containers = peers_[peer].containers;
    for (std::size_t i = 1; i < containers.size(); ++i) {
      put(peer, Purpose::kContainer, containers[i]);
    }
  }

  void ask_again(std::size_t peer) {
    Evidence& evidence = evidence_[peer];
    courses_[peer].repeated = true;
    const auto silent = [](const Echo& echo) { return echo.tries == 1 && !echo.complaint; };
    for (const Purpose purpose : {Purpose::kHost, Purpose::kBridge, Purpose::kNetwork}) {
      repeat(peer, purpose, silent);
    }
    if (!first_answered(evidence, Purpose::kContainer)) {
      repeat(peer, Purpose::kContainer, silent);
    }
    if (nearest_answer(evidence_[peer])) return;
    const Peer& asked = peers_[peer];
    const bool from_host = stand_.sender.link.empty();
    for (const auto& address : asked.outer) put(peer, Purpose::kControl, address);
    if (!from_host) {
      for (const auto& address : asked.hosts) put(peer, Purpose::kControl, address);
      for (const auto& address : asked.bridges) put(peer, Purpose::kControl, address);
    }
    if (!evidence.way.gateway || evidence.way.error != 0) return;
    const std::size_t steps = std::min(asked.routers + (from_host ? 1 : 2), kMostSteps);
    for (std::size_t ttl = 1; ttl <= steps; ++ttl) {
      put(peer, Purpose::kStep, evidence.way.to, static_cast<std::uint8_t>(ttl));
    }
  }

  void follow(std::size_t peer, Clock::time_point now) {
    Evidence& evidence = evidence_[peer];
    const Echo* const echo = nearest_answer(evidence_[peer]);
    const bool connects = options_.tcp && evidence.tcp == Connected::kNotAsked;
    if (connects && peers_[peer].asked) {
      connections_.begin(evidence, peers_[peer].containers.front(), *options_.tcp);
    } else if (connects && peers_[peer].bridges.empty()) {
      connections_.begin(evidence, peers_[peer].hosts.front(), *options_.tcp);
    } else if (connects && first_answered(evidence, Purpose::kContainer)) {
      connections_.begin(evidence, first_answered(evidence, Purpose::kContainer)->to,
                         *options_.tcp);
    }
    if (echo == nullptr) return;
    courses_[peer].followed = true;
    courses_[peer].followed_at = now;
    const model::Address to = echo->to;  // put() moves what the pointer leads to
    put(peer, Purpose::kSize, to, 64, sizes_up_to(stand_.mtu).front());
    if (untracked_) put(peer, Purpose::kInbound, to);
  }

  /// Whether what was asked besides is answered, or will not be.
  bool besides_done(std::size_t peer, Clock::time_point now) {
    Evidence& evidence = evidence_[peer];
    Course& course = courses_[peer];
    const Echo* const echo = nearest_answer(evidence_[peer]);
    const auto patience = kBesides + 4 * std::chrono::ceil<milliseconds>(*echo->answered);
    const model::Address to = echo->to;  // put() moves what the pointer leads to
    const bool late = now >= course.followed_at + patience;
    if (const auto size = named_size(evidence, stand_.mtu)) {
      put(peer, Purpose::kSize, to, 64, *size);
      course.followed_at = now;
    }
    const bool fits = first_answered(evidence, Purpose::kSize) != nullptr;
    if (late && !course.resized) {
      course.resized = true;
      course.followed_at = now;
      repeat(peer, Purpose::kInbound, [](const Echo&) { return true; });
      if (fits) return false;
      for (const auto size : sizes_up_to(stand_.mtu)) put(peer, Purpose::kSize, to, 64, size);
      return false;
    }
    const bool inbound = !untracked_ || first_answered(evidence, Purpose::kInbound) != nullptr;
    return (late || (fits && inbound)) && !evidence.tcp_pending;
  }

  const Stand& stand_;
  const std::vector<Peer>& peers_;
  const RoundOptions& options_;
  std::vector<Evidence> evidence_;
  std::vector<Course> courses_;
  Clock::time_point end_;
  Post post_;
  NextHops hops_;
  Connections connections_;
  std::shared_ptr<void> untracked_;
  bool waiting_ = false;  // some peers are not begun yet
};

}  // namespace

std::vector<Evidence> ask(const Stand& stand, const std::vector<Peer>& peers,
                          const std::vector<model::LinkFacts>& links, const RoundOptions& options) {
  return Round(stand, peers, links, options).run();
}

}  // namespace overland::probe
