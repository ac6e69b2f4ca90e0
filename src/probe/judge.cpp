#include "probe/judge.h"

#include <algorithm>

#include "probe/networks.h"
#include "probe/packet.h"
#include "probe/why.h"

namespace overland::probe {
namespace {

Part part(const Evidence& evidence, Purpose purpose, bool all) {
  std::size_t asked = 0;
  std::size_t answered = 0;
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose != purpose) continue;
    ++asked;
    if (echo.answered) ++answered;
  }
  if (asked == 0) return Part::kNone;
  if (answered == 0) return Part::kNo;
  return all && answered < asked ? Part::kSome : Part::kOk;
}

/// The parts as they are known by the inventory, also where nothing could be asked.
Part known(Part part, bool there) { return part == Part::kNone && there ? Part::kNo : part; }

std::optional<Micros> fastest(const Evidence& evidence) {
  std::optional<Micros> least;
  for (const Echo& echo : evidence.echoes) {
    if (!echo.answered || echo.purpose == Purpose::kSize || echo.purpose == Purpose::kControl ||
        echo.purpose == Purpose::kInbound) {
      continue;
    }
    if (!least || *echo.answered < *least) least = echo.answered;
  }
  return least;
}

void judge_size(const Evidence& evidence, const Setting& setting, Verdict& verdict) {
  const Echo* told = nullptr;
  bool asked = false;
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose != Purpose::kSize) continue;
    asked = true;
    if (echo.answered && echo.size > verdict.mtu.value_or(0)) verdict.mtu = echo.size;
    if (echo.complaint && echo.complaint->mtu != 0) told = &echo;
  }
  verdict.mtu_shrunk = asked && verdict.mtu.value_or(0) < setting.stand.mtu;
  if (!verdict.mtu_shrunk) return;
  const std::string most = std::to_string(setting.stand.mtu);
  if (told != nullptr) {
    verdict.notes.push_back("packets of " + most + " bytes are too large for " +
                            who(told->complaint->from, setting.names) + ": it takes " +
                            std::to_string(told->complaint->mtu));
  } else {
    verdict.notes.push_back("packets of " + most +
                            " bytes are lost without a word: an MTU on the way is smaller and "
                            "whoever has it does not say so, or a rule drops large packets");
  }
}

void judge_inbound(const Evidence& evidence, Verdict& verdict) {
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose != Purpose::kInbound) continue;
    if (echo.answered) verdict.inbound = true;
    // Only what came back to this host and was not let in says something about its rules.
    if (!echo.answered && echo.came_back) verdict.inbound = false;
  }
}

void judge_source(const Evidence& evidence, Verdict& verdict) {
  for (const Echo& echo : evidence.echoes) {
    const bool plain = echo.purpose == Purpose::kHost || echo.purpose == Purpose::kBridge ||
                       echo.purpose == Purpose::kContainer;
    if (plain && echo.left_as) verdict.source = echo.left_as;
  }
}

/// Whether answers came as far as this host's link and no further.
bool replies_lost(const Evidence& evidence) {
  return std::ranges::any_of(evidence.echoes, [](const Echo& echo) {
    const bool plain = echo.purpose == Purpose::kHost || echo.purpose == Purpose::kBridge ||
                       echo.purpose == Purpose::kContainer;
    return plain && echo.came_back && !echo.answered;
  });
}

void judge_parts(const Peer& peer, const Evidence& evidence, Verdict& verdict) {
  verdict.host = known(part(evidence, Purpose::kHost, true), !peer.hosts.empty());
  verdict.bridge = known(part(evidence, Purpose::kBridge, false), !peer.bridges.empty());
  verdict.containers = known(part(evidence, Purpose::kContainer, false), !peer.containers.empty());
  if (verdict.containers == Part::kNo && forwards(evidence, peer)) {
    verdict.containers = Part::kForwards;
  }
  if (const Echo* echo = first_answered(evidence, Purpose::kContainer))
    verdict.container = echo->to;
}

bool reached(const Peer& peer, const Evidence& evidence, const Verdict& verdict, bool tcp) {
  const bool connects = evidence.tcp == Connected::kOpen;
  if (replies_lost(evidence)) return false;
  if (peer.asked) return tcp ? connects : verdict.containers == Part::kOk;
  const bool host_only = verdict.containers == Part::kNone;
  if (tcp && !connects && !(host_only && evidence.tcp == Connected::kNotAsked)) return false;
  const Part itself = peer.hosts.empty() ? verdict.bridge : verdict.host;
  if (verdict.containers == Part::kNone) return itself == Part::kOk;
  return verdict.containers == Part::kOk || verdict.containers == Part::kForwards;
}

}  // namespace

Verdict judge(const Peer& peer, const Evidence& evidence, const Setting& setting) {
  Verdict verdict;
  judge_parts(peer, evidence, verdict);
  judge_size(evidence, setting, verdict);
  judge_inbound(evidence, verdict);
  judge_source(evidence, verdict);
  verdict.round_trip = fastest(evidence);
  verdict.tcp = evidence.tcp;
  verdict.reached = reached(peer, evidence, verdict, setting.tcp);
  if (!verdict.reached) {
    verdict.faults = why(peer, evidence, setting, verdict);
  } else if (verdict.host == Part::kNo || verdict.host == Part::kSome) {
    verdict.notes.push_back("its containers are reached, but not " +
                            std::string(verdict.host == Part::kSome ? "all addresses of " : "") +
                            "the host itself: it drops pings, or what comes from here");
  }
  judge_networks(peer, evidence, setting, verdict);
  if (verdict.inbound == false) {
    for (const Drop& drop : evidence.drops) {
      if (drop.reply) verdict.notes.push_back(by_rule(drop, "new flows from there"));
    }
  }
  return verdict;
}

Lost lost_here(const Peer& peer, const Evidence& evidence) {
  if (!evidence.watched) return Lost::kNothing;
  bool sent = false;
  bool gone = false;
  const bool whole = !peer.bridges.empty() || !peer.containers.empty();
  bool unheard = false;  // came back, and was not let in
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose == Purpose::kControl || echo.purpose == Purpose::kStep ||
        echo.purpose == Purpose::kNetwork) {
      continue;
    }
    if (echo.purpose == Purpose::kInbound && echo.left_as && echo.came_back && !echo.answered) {
      return Lost::kReplies;
    }
    if (echo.purpose == Purpose::kInbound || echo.purpose == Purpose::kSize) continue;
    // What leaves to its host alone does not show that packets to its containers do.
    if (whole && echo.purpose == Purpose::kHost) continue;
    sent = sent || (echo.tries > 0 && echo.refused == 0);
    gone = gone || echo.left_as || echo.answered;
    unheard = unheard || (echo.came_back && !echo.answered);
  }
  if (unheard) return Lost::kReplies;
  return sent && !gone ? Lost::kRequests : Lost::kNothing;
}

const char* word(Place place) {
  switch (place) {
    case Place::kHere:
      return "here";
    case Place::kLink:
      return "link";
    case Place::kWay:
      return "way";
    case Place::kPeer:
      return "peer";
    case Place::kUnknown:
      return "unknown";
  }
  return "unknown";
}

const char* word(Part part) {
  switch (part) {
    case Part::kNone:
      return "none";
    case Part::kOk:
      return "ok";
    case Part::kSome:
      return "some";
    case Part::kForwards:
      return "forwards";
    case Part::kNo:
      return "no";
  }
  return "none";
}

}  // namespace overland::probe
