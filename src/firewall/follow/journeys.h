#pragma once
// Sightings joined to packets, and those to the flows they belong to. Pure.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "firewall/follow/sighting.h"
#include "firewall/witness.h"

namespace overland::firewall::follow {

/// What a rule of ours that begins to trace a packet knows of it.
struct Origin {
  std::size_t flow = 0;
  bool error = false;  // the packet is an ICMP error about one of the flow

  auto operator<=>(const Origin&) const = default;
};

/// One packet.
struct Journey {
  std::size_t flow = 0;
  bool reply = false;
  std::string last;   // chain of ours it came by last
  IcmpHeader header;  // as it was there, like the rest
  std::uint32_t in_link = 0;
  std::uint32_t mark = 0;
  std::optional<Place> dropped;
};

class Journeys {
 public:
  /// `table` is ours, of family ip; `origins` by the handles of its rules.
  Journeys(const std::vector<WitnessedFlow>& flows, std::string table,
           std::map<std::uint64_t, Origin> origins)
      : flows_(flows), table_(std::move(table)), origins_(std::move(origins)) {}

  /// False where it says nothing of a flow.
  bool take(const Sighting& seen);

  [[nodiscard]] const std::vector<Journey>& all() const { return journeys_; }

 private:
  /// What tells packets from each other in any hook: translations change addresses.
  using Key = std::tuple<std::uint16_t, std::uint8_t, std::uint8_t, std::uint16_t, std::uint16_t>;

  std::optional<std::size_t> begin(const Sighting& seen, const Key& key);
  std::optional<std::size_t> find(const Sighting& seen);
  [[nodiscard]] bool ours(const Place& place) const;

  const std::vector<WitnessedFlow>& flows_;
  std::string table_;
  std::map<std::uint64_t, Origin> origins_;
  std::vector<Journey> journeys_;
  std::map<Key, std::size_t> by_key_;
  std::map<std::uint32_t, std::size_t> by_walk_;
};

}  // namespace overland::firewall::follow
