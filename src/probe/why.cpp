#include "probe/why.h"

#include <algorithm>
#include <cerrno>

#include "probe/packet.h"

namespace overland::probe {
namespace {

class Case {
 public:
  Case(const Peer& peer, const Evidence& evidence, const Setting& setting, const Verdict& verdict)
      : peer_(peer), evidence_(evidence), setting_(setting), verdict_(verdict) {}

  /// The nearest cause alone: those behind it cannot be seen from here.
  std::vector<Fault> faults() {
    for (const auto ask :
         {&Case::rules, &Case::route, &Case::link, &Case::lost, &Case::port, &Case::complaints,
          &Case::behind, &Case::tunnel, &Case::no_way_back, &Case::steps, &Case::neighbour}) {
      (this->*ask)();
      if (!faults_.empty()) return std::move(faults_);
    }
    say(Place::kUnknown, "no answer from " + peer_.name +
                             ": whether it is off, drops everything or has no way back cannot be "
                             "told from here");
    return std::move(faults_);
  }

 private:
  void say(Place place, std::string message) { faults_.push_back({place, std::move(message)}); }

  [[nodiscard]] std::string name(const model::Address& address) const {
    return who(address, setting_.names);
  }
  [[nodiscard]] std::string source() const { return setting_.stand.sender.source.to_string(); }
  /// What the packets were for, as a reader knows it.
  [[nodiscard]] std::string goal() const {
    if (peer_.asked || peer_.subnets.empty()) return evidence_.way.to.to_string();
    return peer_.subnets.front().to_string();
  }
  [[nodiscard]] bool its_own(const model::Address& address) const {
    const auto in = [&](const auto& list) {
      return std::ranges::find(list, address) != list.end();
    };
    return in(peer_.hosts) || in(peer_.outer) || in(peer_.bridges);
  }
  [[nodiscard]] bool heard() const { return ok(verdict_.host) || ok(verdict_.bridge); }
  static bool ok(Part part) { return part == Part::kOk || part == Part::kSome; }

  void rules() {
    const auto refused = std::ranges::find_if(
        evidence_.echoes, [](const Echo& echo) { return echo.refused == EPERM; });
    if (refused != evidence_.echoes.end()) {
      const std::string& container = setting_.stand.container;
      say(Place::kHere, "a rule for what is sent drops it" +
                            (container.empty() ? "" : ", within container " + container) +
                            ": nothing is known of the way");
    }
    for (const Drop& drop : evidence_.drops) {
      say(Place::kHere, by_rule(drop, drop.reply ? "the reply" : "the request"));
    }
  }

  void route() {
    const bool bridged = !setting_.stand.sender.link.empty();
    const std::string from = bridged ? " from bridge " + setting_.stand.sender.link : "";
    switch (evidence_.way.error) {
      case 0:
        if (evidence_.way.local) {
          say(Place::kHere, evidence_.way.to.to_string() + " is an address of this host itself");
        }
        return;
      case ENETUNREACH:
        return say(Place::kHere,
                   "there is no route to " + goal() + from + ": run `overland status`");
      case EHOSTUNREACH:
        return say(Place::kHere, "the route to " + goal() + from +
                                     " is an unreachable one: the one that leads there is "
                                     "missing; run `overland status`");
      case EINVAL:
        return say(Place::kHere, "the kernel drops packets to " + goal() + from +
                                     ": a blackhole route, or rp_filter does not believe " +
                                     source() + " there; see `ip route get " +
                                     evidence_.way.to.to_string() + " from " + source() +
                                     (bridged ? " iif " + setting_.stand.sender.link : "") + "`");
      case EACCES:
        return say(Place::kHere, "a route or a policy rule prohibits packets to " + goal() + from +
                                     "; see `ip rule` and `ip route`");
      default:
        return say(Place::kUnknown, "the kernel does not tell its route to " + goal());
    }
  }

  void link() {
    const std::string& link = evidence_.way.link;
    if (evidence_.way.error != 0 || link.empty()) return;
    if (!evidence_.link_up) return say(Place::kLink, "link " + link + " is down");
    if (!evidence_.link_carrier) {
      return say(Place::kLink, "link " + link + " has no carrier: the cable, or the other end");
    }
    if (evidence_.hop == Hop::kSilent && !heard()) {
      say(Place::kLink, name(evidence_.way.hop()) + " does not answer ARP on " + link +
                            ": it is down, not in this segment, or answers no ARP");
    }
  }

  void lost() {
    switch (lost_here(peer_, evidence_)) {
      case Lost::kNothing:
        return;
      case Lost::kRequests:
        return say(Place::kHere, "packets to " + goal() + " do not leave by " + evidence_.way.link +
                                     ": a rule of this host drops or rejects them; which one "
                                     "could not be told");
      case Lost::kReplies:
        return say(Place::kHere, "answers come in on " + evidence_.way.link +
                                     " and are dropped on this host; by which rule could not be "
                                     "told");
    }
  }

  void port() {
    if (!setting_.tcp) return;
    if (evidence_.tcp == Connected::kNotAsked) {
      if (verdict_.containers != Part::kForwards) return;
      return say(Place::kUnknown, "no container of " + peer_.name +
                                      " answers: there is none to connect to, name one");
    }
    const std::string at = evidence_.tcp_to.to_string();
    if (evidence_.tcp == Connected::kRefused) {
      return say(Place::kPeer,
                 at + " is reached, but nothing listens on that port, or a rule refuses it");
    }
    const bool pings = std::ranges::any_of(evidence_.echoes, [&](const Echo& echo) {
      return echo.to == evidence_.tcp_to && echo.purpose != Purpose::kControl && echo.answered;
    });
    if (evidence_.tcp == Connected::kSilent && pings) {
      say(Place::kUnknown,
          at + " answers pings, but not on that port: a rule drops it, there, on the way or here");
    }
  }

  void complaints() {
    for (const Purpose purpose : {Purpose::kContainer, Purpose::kBridge, Purpose::kHost}) {
      const Echo* echo = first_complaint(evidence_, purpose);
      if (echo == nullptr || (purpose == Purpose::kHost && heard())) continue;
      return complain(*echo);
    }
  }

  void complain(const Echo& echo) {
    const Complaint& said = *echo.complaint;
    const bool peer = its_own(said.from);
    const Place place = peer ? Place::kPeer : Place::kWay;
    const std::string from = peer ? peer_.name : name(said.from);
    const std::string to = echo.to.to_string();
    if (said.type == kTimeExceeded) {
      return say(place, "packets to " + goal() + " go in circles at " + from +
                            (peer ? ": its bridge is down, or has another address" : ""));
    }
    if (said.type == kUnreachable && said.code == kHostUnreachable &&
        said.after >= neighbour_fails(evidence_)) {
      return say(place, peer ? from + " forwards, but nobody there has " + to
                             : from + " gets no answer from the next one on the way to " + to);
    }
    // 0 and 6: no route; 1 at once: an unreachable one. 9, 10 and 13: prohibited; RFC 1812.
    if (said.type == kUnreachable && (said.code == 9 || said.code == 10 || said.code == 13)) {
      return say(place, from + " refuses packets to " + to + ": a rule there rejects them");
    }
    if (said.type == kUnreachable && (said.code <= kHostUnreachable || said.code == 6)) {
      return say(place, from + " has no route to " + goal() +
                            (peer ? ": its bridge is down or has another address; run `overland "
                                    "status` there"
                                  : ": run `overland status` there"));
    }
    say(place, from + " answers with an ICMP error (type " + std::to_string(said.type) + ", code " +
                   std::to_string(said.code) + ")");
  }

  /// The host answers to where we send from, its containers do not.
  void behind() {
    if (!heard() || verdict_.containers == Part::kNone) return;
    if (peer_.asked) {
      return say(Place::kUnknown, peer_.name + " answers, but " + goal() +
                                      " does not: it drops pings, or " + peer_.name +
                                      " does not forward to it, which `overland probe " +
                                      peer_.name + "` tells");
    }
    if (!setting_.patient) {
      return say(Place::kUnknown,
                 peer_.name + " answers, and nothing of " + goal() +
                     ": that it forwards can be told after 3 s only, see --timeout");
    }
    say(Place::kPeer, peer_.name + " answers, but does not forward to " + goal() +
                          ": run `overland status` there");
  }

  /// Nothing is heard through it: what its end says to this host itself narrows that down.
  void tunnel() {
    if (peer_.outer.empty()) return;
    const auto answers = [&](const std::vector<model::Address>& any) {
      return std::ranges::any_of(evidence_.echoes, [&](const Echo& echo) {
        return echo.purpose == Purpose::kControl && echo.answered &&
               std::ranges::find(any, echo.to) != any.end();
      });
    };
    if (answers(peer_.bridges)) return;  // by the tunnel
    for (const Echo& echo : evidence_.echoes) {
      if (!echo.packed_by || *echo.packed_by == peer_.outer.front()) continue;
      return say(Place::kWay, "answers of " + peer_.name + " come from " +
                                  echo.packed_by->to_string() + " instead of " +
                                  peer_.outer.front().to_string() +
                                  ", the end of its tunnel, and are dropped: have the way between "
                                  "pass its UDP port untranslated");
    }
    const std::string end = "the end of its tunnel, " + peer_.outer.front().to_string() + ",";
    if (answers(peer_.outer)) {
      return say(Place::kWay,
                 end +
                     " answers this host, but nothing comes through the tunnel: the way "
                     "between drops its UDP port, or translates this host's address, or " +
                     peer_.name +
                     " does not take it; run `overland status` there, and see what "
                     "`nft list chain ip overland outer-known` counts on both");
    }
    say(Place::kUnknown, "nothing comes through the tunnel, and " + end +
                             " does not answer this host: it is off, or the way between drops "
                             "pings, and maybe all");
  }

  void no_way_back() {
    if (first_answered(evidence_, Purpose::kControl) == nullptr) return;
    const Place place =
        evidence_.way.gateway && !its_own(*evidence_.way.gateway) ? Place::kWay : Place::kPeer;
    say(place, peer_.name + " answers this host's own address, but not " + source() +
                   ": the way back to it is missing (a route, rp_filter or a rule" +
                   (place == Place::kPeer ? " there" : " there or on the way") +
                   "); run `overland status` there");
  }

  /// The last router that answers, and the one behind it.
  void steps() {
    const Echo* last = nullptr;
    bool asked = false;
    for (const Echo& echo : evidence_.echoes) {
      if (echo.purpose != Purpose::kStep) continue;
      asked = true;
      if (echo.complaint && echo.complaint->type == kTimeExceeded) last = &echo;
    }
    if (!asked) return;
    // With a bridge before it this host is the first one packets end at.
    const std::size_t first = setting_.stand.sender.link.empty() ? 1 : 2;
    const std::size_t passed = last == nullptr ? first : last->ttl + std::size_t{1};
    const bool known = passed >= first && passed - first < evidence_.stations.size();
    const std::string next = known
                                 ? evidence_.stations[passed - first].name + " (" +
                                       evidence_.stations[passed - first].address.to_string() + ")"
                                 : "the one behind it";
    if (last == nullptr || last->ttl < first) {
      return say(Place::kWay, "no router on the way answers: " + next + " is the first");
    }
    say(Place::kWay, name(last->complaint->from) + " is the last on the way that answers; " + next +
                         " does not");
  }

  void neighbour() {
    if (evidence_.hop != Hop::kAnswers || !its_own(evidence_.way.hop())) return;
    say(Place::kPeer, name(evidence_.way.hop()) + " answers ARP on " + evidence_.way.link +
                          ", but no packet: a rule there drops them, or it has no way back to " +
                          source());
  }

  const Peer& peer_;
  const Evidence& evidence_;
  const Setting& setting_;
  const Verdict& verdict_;
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<Fault> why(const Peer& peer, const Evidence& evidence, const Setting& setting,
                       const Verdict& verdict) {
  return Case(peer, evidence, setting, verdict).faults();
}

std::string who(const model::Address& address, const std::map<model::Address, std::string>& names) {
  const auto found = names.find(address);
  const std::string text = address.to_string();
  return found == names.end() ? text : found->second + " (" + text + ")";
}

std::string by_rule(const Drop& drop, const std::string& what) {
  return drop.rule + (drop.certain ? " drops " : " probably drops ") + what;
}

}  // namespace overland::probe
