#pragma once
// What a probe found, as text, as one JSON document, or as metrics.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "probe/judge.h"

namespace overland::cli {

struct ProbedPeer {
  std::string name;
  std::string asked;  // the container's address that was asked for; empty: the whole peer
  std::vector<std::string> addresses;  // of the host
  std::vector<std::string> subnets;
  std::vector<probe::PeerNetwork> networks;
  std::string next_hop;
  std::string link;  // to leave by; empty where there is none
  probe::Verdict verdict;
};

/// What was seen from one stand.
struct ProbedStand {
  probe::Stand::Kind kind = probe::Stand::Kind::kHost;
  std::string source;
  std::string container;  // its name
  std::vector<ProbedPeer> peers;
  /// Whether our accepts hold for new flows: of all peers that could tell; nullopt: none could.
  std::optional<bool> inbound;
};

struct ProbeReport {
  std::string host;
  std::vector<ProbedStand> stands;
  std::chrono::milliseconds took{0};
  std::vector<std::string> notes;
  bool tcp = false;        // connections were asked for
  bool no_bridge = false;  // containers here reach nobody, whatever this host reaches

  [[nodiscard]] bool all_reached() const;
};

std::string probe_text(const ProbeReport& report, bool color);
std::string probe_json(const ProbeReport& report);
/// For the textfile collector. A peer is reached where it is from all stands.
std::string probe_metrics(const ProbeReport& report);
/// Where none could be made: that, in place of what an earlier one found.
std::string probe_failed_metrics();

}  // namespace overland::cli
