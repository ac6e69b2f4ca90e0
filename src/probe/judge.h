#pragma once
// What the answers of a probe mean: what works, and where it ends where it does not. Pure. Never a
// guess: what cannot be told from here is called so.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probe/evidence.h"
#include "probe/stand.h"
#include "probe/targets.h"

namespace overland::probe {

/// Of a host, its bridge or its containers.
enum class Part : std::uint8_t {
  kNone,      // there is none, or nothing was asked of it
  kOk,        // answers
  kSome,      // of several addresses some answer
  kForwards,  // packets are forwarded to the containers, and none has one of the addresses asked
  kNo,        // no answer
};

enum class Place : std::uint8_t {
  kHere,     // on this host
  kLink,     // between this host and the next hop
  kWay,      // at a router, or behind it
  kPeer,     // at the peer
  kUnknown,  // cannot be told
};

struct Fault {
  Place place = Place::kUnknown;
  std::string message;  // clauses

  bool operator==(const Fault&) const = default;
};

struct Verdict {
  bool reached = false;
  Part host = Part::kNone;
  Part bridge = Part::kNone;
  Part containers = Part::kNone;
  std::vector<Part> networks;               // by Peer::networks; kNone: not asked
  std::optional<model::Address> container;  // one that answered
  std::optional<model::Address> source;     // with which our packets leave this host
  std::optional<std::uint32_t> mtu;         // bytes of the largest packet that was answered
  bool mtu_shrunk = false;                  // it is smaller than what a container here sends
  std::optional<Micros> round_trip;
  std::optional<bool> inbound;  // whether our rules let in what was not asked for; nullopt: unknown
  Connected tcp = Connected::kNotAsked;
  std::vector<Fault> faults;  // why it was not reached; gravest first
  std::vector<std::string> notes;
};

struct Setting {
  const Stand& stand;
  const std::map<model::Address, std::string>& names;  // of the inventory's hosts
  bool tcp = false;                                    // a connection was asked for
  bool patient = true;  // answers were waited for as long as a kernel asks for a neighbour
};

Verdict judge(const Peer& peer, const Evidence& evidence, const Setting& setting);

/// Whether it was this host that lost what went to or came from the peer, without saying who: then
/// it is worth following packets here.
enum class Lost : std::uint8_t { kNothing, kRequests, kReplies };
Lost lost_here(const Peer& peer, const Evidence& evidence);

/// "here", "link", "way", "peer", "unknown"
const char* word(Place place);
/// "none", "ok", "some", "forwards", "no"
const char* word(Part part);

}  // namespace overland::probe
