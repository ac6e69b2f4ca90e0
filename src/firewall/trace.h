#pragma once
// The way of a packet through the rules of one nf_tables table, as far as a listing tells it:
// enough to name the rule that drops it. Pure.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/address.h"

namespace overland::firewall {

/// The first packet of a connection, IPv4; its protocol and ports are not known.
struct TracedPacket {
  std::string in;             // link it comes in on; empty: not known
  std::string out;            // likewise
  model::Prefix source;       // stands for each address in it
  model::Prefix destination;  // likewise
  std::uint32_t mark = 0;     // the whole packet mark
};

enum class Fate : std::uint8_t { kGoesOn, kAccepted, kDropped };

struct TraceVerdict {
  Fate fate = Fate::kGoesOn;
  std::string chain;         // where it was decided
  std::uint64_t handle = 0;  // of the rule that drops
};

class TracedTable {
 public:
  /// `objects`: a table's listing by libnftables, as JSON. `trusted_chains` stand for an accept: a
  /// jump to one of them decides.
  explicit TracedTable(const nlohmann::json& objects, std::vector<std::string> trusted_chains = {});

  /// Drops are certain. An accept whose condition needs more than is known of links and addresses
  /// (a named set, say) counts; one that asks for a protocol or port does not.
  [[nodiscard]] TraceVerdict walk(const std::string& chain, const TracedPacket& packet) const;

 private:
  [[nodiscard]] TraceVerdict walk(const std::string& chain, const TracedPacket& packet,
                                  int depth) const;

  std::unordered_map<std::string, std::vector<nlohmann::json>> rules_;  // by chain, in order
  std::vector<std::string> trusted_chains_;
};

}  // namespace overland::firewall
