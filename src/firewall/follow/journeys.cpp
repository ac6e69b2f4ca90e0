#include "firewall/follow/journeys.h"

#include <linux/netfilter.h>

namespace overland::firewall::follow {
namespace {

constexpr std::uint8_t kEchoReply = 0;  // ICMP_… of linux/icmp.h
constexpr std::uint8_t kEcho = 8;

/// Strangers may send what looks like an answer, as much as they like.
constexpr std::size_t kMostPackets = 65536;

}  // namespace

bool Journeys::ours(const Place& place) const {
  return place.family == NFPROTO_IPV4 && place.table == table_;
}

/// An answer may come to another address than the source: that of a translation.
std::optional<std::size_t> Journeys::begin(const Sighting& seen, const Key& key) {
  const auto origin = origins_.find(seen.place.handle);
  if (origin == origins_.end() || journeys_.size() == kMostPackets) return std::nullopt;
  const WitnessedFlow& flow = flows_[origin->second.flow];
  const IcmpHeader& header = *seen.header;
  const bool error = origin->second.error;
  const bool request = header.type == kEcho && header.source == flow.source &&
                       header.destination == flow.destination;
  const bool reply = header.type == kEchoReply && header.source == flow.destination;
  const bool echo = header.type == kEcho || header.type == kEchoReply;
  if (error ? echo : !request && !reply) return std::nullopt;
  journeys_.push_back({origin->second.flow, !request, {}, {}, 0, 0, {}});
  return by_key_[key] = journeys_.size() - 1;
}

std::optional<std::size_t> Journeys::find(const Sighting& seen) {
  if (!seen.header) {
    const auto walk = by_walk_.find(seen.walk);
    return walk == by_walk_.end() ? std::nullopt : std::optional(walk->second);
  }
  const IcmpHeader& header = *seen.header;
  const Key key = {header.packet_id, header.type, header.code, header.id, header.sequence};
  const auto known = by_key_.find(key);
  auto found = known == by_key_.end() ? std::nullopt : std::optional(known->second);
  if (ours(seen.place) && origins_.contains(seen.place.handle)) found = begin(seen, key);
  if (found && by_walk_.size() < kMostPackets) {
    by_walk_[seen.walk] = *found;
  } else {
    by_walk_.erase(seen.walk);
  }
  return found;
}

bool Journeys::take(const Sighting& seen) {
  const auto found = find(seen);
  if (!found) return false;
  Journey& journey = journeys_[*found];
  if (seen.header) {
    journey.header = *seen.header;
    journey.in_link = seen.in_link;
    journey.mark = seen.mark;
  }
  if (ours(seen.place)) journey.last = seen.place.chain;
  if (seen.dropped) journey.dropped = seen.place;
  return true;
}

}  // namespace overland::firewall::follow
