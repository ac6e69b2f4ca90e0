#pragma once
// What a probe has seen of one peer, from one stand: the material of probe/judge.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "probe/lookup.h"
#include "probe/targets.h"

namespace overland::probe {

using Micros = std::chrono::microseconds;

enum class Purpose : std::uint8_t {
  kHost,       // an underlay address
  kBridge,     // the address of its bridge
  kNetwork,    // an address of its host in a declared network
  kContainer,  // what may be a container's address, or is asked for
  kSize,       // as large as the link takes
  kInbound,    // not tracked here: its answer meets what a new flow would
  kControl,    // from this host's own address
  kStep,       // ends at a router on the way
};

/// An ICMP error about an echo of ours.
struct Complaint {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  model::Address from;
  std::uint32_t mtu = 0;  // bytes; of kTooBig
  Micros after{0};        // since it was asked last
};

/// One question, which may have been put more than once.
struct Echo {
  Purpose purpose = Purpose::kHost;
  model::Address to;
  std::uint8_t ttl = 64;
  std::uint16_t size = 0;  // bytes of the packet; 0: the shortest
  unsigned tries = 0;
  int refused = 0;                 // the errno with which our own kernel did
  std::optional<Micros> answered;  // round trip
  std::optional<Complaint> complaint;
  std::optional<model::Address> left_as;         // its source where it left this host
  bool came_back = false;                        // an answer was seen on the link, before all rules
  std::optional<model::Address> packed_by = {};  // outer source of an answer through a tunnel
};

/// What was dropped on this host, by whom.
struct Drop {
  bool reply = false;
  bool certain = true;
  std::string rule;  // "filter DOCKER-USER, rule 1: …"
};

enum class Hop : std::uint8_t { kNotAsked, kAnswers, kSilent };
enum class Connected : std::uint8_t { kNotAsked, kOpen, kRefused, kSilent };

/// This kernel's way to a network of the peer.
struct NetworkWay {
  Lookup way;
  bool watched = false;  // what leaves by its link was seen
};

struct Evidence {
  Lookup way;  // to the bridge, or to the host where it has none
  Hop hop = Hop::kNotAsked;
  bool link_up = true;  // of the link to leave by
  bool link_carrier = true;
  bool watched = false;              // what leaves by that link was seen
  std::vector<NetworkWay> networks;  // by Peer::networks; empty where none of any peer is asked
  std::vector<Echo> echoes;
  Connected tcp = Connected::kNotAsked;
  bool tcp_pending = false;  // its end is still to come
  model::Address tcp_to;
  std::vector<Drop> drops;
  std::vector<Station> stations;  // on the way, of peers that were not reached
};

/// A complaint after this long says that somebody forwarded the packet, and asked for its addressee
/// in vain: that takes three seconds, less where somebody else has asked before, and always longer
/// than the answer of an unreachable route, which takes as long as any other of `evidence`.
Micros neighbour_fails(const Evidence& evidence);

/// The first echo for that `purpose` that was answered; nullptr where there is none.
const Echo* first_answered(const Evidence& evidence, Purpose purpose);
/// Likewise complained about: late, or twice, so that it counts.
const Echo* first_complaint(const Evidence& evidence, Purpose purpose);
/// Likewise answered, of all purposes, and as near to a container as possible.
const Echo* nearest_answer(const Evidence& evidence);
/// Whether nothing more is to be expected of those for `purpose`: each has an answer or a complaint
/// that counts; or, with `one`, any.
bool settled(const Evidence& evidence, Purpose purpose, bool one);
/// Whether it forwards to its containers: one has answered, or nobody there has the address.
bool forwards(const Evidence& evidence, const Peer& peer);

}  // namespace overland::probe
