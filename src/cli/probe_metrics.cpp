// What a probe found, in Prometheus' text format.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "cli/probe_report.h"

namespace overland::cli {
namespace {

/// As the slowest or worst stand saw it.
struct Peer {
  bool reached = true;
  std::optional<bool> source_kept;
  std::optional<double> round_trip;  // seconds
};

void head(std::ostream& out, const std::string& name, const std::string& help) {
  out << "# HELP " << name << " " << help << "\n# TYPE " << name << " gauge\n";
}

std::map<std::string, Peer> peers_of(const ProbeReport& report) {
  std::map<std::string, Peer> peers;
  for (const auto& stand : report.stands) {
    for (const auto& one : stand.peers) {
      const auto& verdict = one.verdict;
      Peer& peer = peers[one.name];
      peer.reached = peer.reached && verdict.reached && !report.no_bridge;
      if (verdict.source) {
        const bool kept = verdict.source->to_string() == stand.source;
        peer.source_kept = peer.source_kept.value_or(true) && kept;
      }
      if (verdict.round_trip) {
        const double time = static_cast<double>(verdict.round_trip->count()) / 1e6;
        peer.round_trip = std::max(peer.round_trip.value_or(0), time);
      }
    }
  }
  return peers;
}

template <typename Value>
void by_peer(std::ostream& out, const std::string& name, const std::string& help,
             const std::map<std::string, Peer>& peers, Value value) {
  head(out, name, help);
  for (const auto& [peer, seen] : peers) {
    // Names of hosts hold nothing that would have to be escaped.
    if (const std::optional<double> number = value(seen)) {
      out << name << "{peer=\"" << peer << "\"} " << *number << "\n";
    }
  }
}

void made(std::ostream& out, bool ok) {
  head(out, "overland_probe_ok", "1 where a probe could be made, whatever it found.");
  out << "overland_probe_ok " << (ok ? 1 : 0) << "\n";
}

std::optional<double> number(const std::optional<bool>& flag) {
  return flag ? std::optional(*flag ? 1.0 : 0.0) : std::nullopt;
}

}  // namespace

std::string probe_failed_metrics() {
  std::ostringstream out;
  made(out, false);
  return out.str();
}

std::string probe_metrics(const ProbeReport& report) {
  std::ostringstream out;
  made(out, true);
  const auto peers = peers_of(report);
  by_peer(out, "overland_peer_reachable", "1 where packets as a container's reach the peer.", peers,
          [](const Peer& peer) { return std::optional(peer.reached ? 1.0 : 0.0); });
  by_peer(out, "overland_peer_round_trip_seconds", "To the peer and back, of the fastest answer.",
          peers, [](const Peer& peer) { return peer.round_trip; });
  by_peer(out, "overland_peer_source_kept", "1 where packets leave with the address they have.",
          peers, [](const Peer& peer) { return number(peer.source_kept); });
  std::optional<bool> inbound;
  for (const auto& stand : report.stands) {
    if (stand.inbound) inbound = inbound.value_or(true) && *stand.inbound;
  }
  if (inbound) {
    head(out, "overland_inbound_ok", "1 where this host lets new flows of peers in.");
    out << "overland_inbound_ok " << (*inbound ? 1 : 0) << "\n";
  }
  return out.str();
}

}  // namespace overland::cli
