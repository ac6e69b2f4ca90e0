#pragma once
// A peer k2 behind eth1 and what it answers, for the tests of this folder: seen from 192.168.101.2
// behind docker0.

#include <cstdint>
#include <map>
#include <string>

#include "probe/judge.h"

namespace overland::tests {

using namespace probe;
using std::chrono::milliseconds;

inline model::Address at(const char* text) { return *model::Address::parse(text); }

inline constexpr const char* kHost = "10.0.0.2";
inline constexpr const char* kBridge = "192.168.102.1";
inline constexpr const char* kFirst = "192.168.102.2";
inline constexpr const char* kSelf = "192.168.101.2";

inline Peer k2() {
  Peer peer;
  peer.name = "k2";
  peer.hosts = {at(kHost)};
  peer.subnets = {*model::Prefix::parse("192.168.102.0/24")};
  peer.bridges = {at(kBridge)};
  peer.containers = {at(kFirst), at("192.168.102.254")};
  return peer;
}

enum class Says : std::uint8_t { kNothing, kAnswers, kFreeAfterAll, kUnreachable, kCircles };

inline Echo echo(Purpose purpose, const char* to, Says says, const char* by = kHost) {
  Echo result;
  result.purpose = purpose;
  result.to = at(to);
  result.tries = 2;
  result.left_as = at(kSelf);
  switch (says) {
    case Says::kNothing:
      break;
    case Says::kAnswers:
      result.answered = Micros(170);
      result.came_back = true;
      break;
    case Says::kFreeAfterAll:
      result.complaint = Complaint{3, 1, at(by), 0, milliseconds(3050)};
      break;
    case Says::kUnreachable:
      result.complaint = Complaint{3, 1, at(by), 0, milliseconds(1)};
      break;
    case Says::kCircles:
      result.complaint = Complaint{11, 0, at(by), 0, milliseconds(1)};
      break;
  }
  return result;
}

inline Evidence seen(Says host, Says bridge, Says container, Says free) {
  Evidence evidence;
  evidence.way.to = at(kBridge);
  evidence.way.link = "eth1";
  evidence.way.gateway = at(kHost);
  evidence.hop = Hop::kAnswers;
  evidence.watched = true;
  evidence.echoes = {echo(Purpose::kHost, kHost, host), echo(Purpose::kBridge, kBridge, bridge),
                     echo(Purpose::kContainer, kFirst, container),
                     echo(Purpose::kContainer, "192.168.102.254", free)};
  return evidence;
}

struct Judged : Verdict {
  [[nodiscard]] std::string fault() const {
    return faults.empty() ? "none"
                          : std::string(word(faults.front().place)) + ": " + faults.front().message;
  }
};

inline Judged judged(const Evidence& evidence, bool tcp = false, const Peer& peer = k2(),
                     bool bridged = true, bool patient = true) {
  static const std::map<model::Address, std::string> kNames = {
      {at(kHost), "k2"}, {at("10.0.0.9"), "r1"}, {at("10.1.0.9"), "r1"}, {at("10.1.0.8"), "r2"}};
  Stand stand;
  stand.sender = {at(kSelf), bridged ? "docker0" : ""};
  stand.mtu = 1500;
  return {judge(peer, evidence, {stand, kNames, tcp, patient})};
}

inline constexpr Says kAnswers = Says::kAnswers;
inline constexpr Says kNothing = Says::kNothing;
inline constexpr Says kFree = Says::kFreeAfterAll;

}  // namespace overland::tests
