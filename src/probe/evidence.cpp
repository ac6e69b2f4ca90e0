#include "probe/evidence.h"

#include <algorithm>

#include "probe/packet.h"

namespace overland::probe {
namespace {

bool counts(const Echo& echo, Micros neighbour) {
  return echo.complaint && (echo.tries > 1 || echo.complaint->after >= neighbour);
}

}  // namespace

Micros neighbour_fails(const Evidence& evidence) {
  constexpr Micros kUnknown{1000000};
  constexpr Micros kLeast{100000};
  Micros slowest{0};
  for (const Purpose purpose : {Purpose::kBridge, Purpose::kHost}) {
    const Echo* const echo = first_answered(evidence, purpose);
    if (echo != nullptr) slowest = std::max(slowest, *echo->answered);
  }
  return slowest == Micros{0} ? kUnknown : std::max(kLeast, 4 * slowest);
}

const Echo* first_answered(const Evidence& evidence, Purpose purpose) {
  const auto found = std::ranges::find_if(
      evidence.echoes, [&](const Echo& echo) { return echo.purpose == purpose && echo.answered; });
  return found == evidence.echoes.end() ? nullptr : &*found;
}

const Echo* first_complaint(const Evidence& evidence, Purpose purpose) {
  const Micros neighbour = neighbour_fails(evidence);
  const auto found = std::ranges::find_if(evidence.echoes, [&](const Echo& echo) {
    return echo.purpose == purpose && !echo.answered && counts(echo, neighbour);
  });
  return found == evidence.echoes.end() ? nullptr : &*found;
}

const Echo* nearest_answer(const Evidence& evidence) {
  for (const Purpose purpose : {Purpose::kContainer, Purpose::kBridge, Purpose::kHost}) {
    const Echo* const echo = first_answered(evidence, purpose);
    if (echo != nullptr) return echo;
  }
  return nullptr;
}

bool settled(const Evidence& evidence, Purpose purpose, bool one) {
  const Micros neighbour = neighbour_fails(evidence);
  bool all = true;
  bool any = false;
  for (const Echo& echo : evidence.echoes) {
    if (echo.purpose != purpose) continue;
    const bool ends = echo.answered || counts(echo, neighbour) || echo.refused != 0;
    all = all && ends;
    any = any || ends;
  }
  return all || (one && any);
}

bool forwards(const Evidence& evidence, const Peer& peer) {
  const Micros neighbour = neighbour_fails(evidence);
  return std::ranges::any_of(evidence.echoes, [&](const Echo& echo) {
    if (echo.purpose != Purpose::kContainer) return false;
    if (echo.answered) return true;
    return echo.complaint && echo.complaint->type == kUnreachable &&
           echo.complaint->code == kHostUnreachable && echo.complaint->after >= neighbour &&
           (std::ranges::find(peer.hosts, echo.complaint->from) != peer.hosts.end() ||
            std::ranges::find(peer.outer, echo.complaint->from) != peer.outer.end() ||
            std::ranges::find(peer.bridges, echo.complaint->from) != peer.bridges.end());
  });
}

}  // namespace overland::probe
