#pragma once
// Which rule here drops a packet: it is sent once more and followed on its way. nf_tables says
// itself what its chains do with it (its trace), legacy tables are told by what stands around them
// and by their counters, and routes by asking for them.
//
// In this program, not in one apart as overland-trace is: only a verb that repairs nothing comes
// here, what ends it leaves nothing behind (the table dies with its socket), and what others have
// put into the tables passes the same bounds-checked readers, which are fuzzed.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/address.h"

namespace overland::firewall {

/// Echo requests from here (or a container here), and what answers them.
struct WitnessedFlow {
  model::Address source;
  model::Address destination;
  std::uint16_t icmp_id = 0;  // of no other flow

  auto operator<=>(const WitnessedFlow&) const = default;
};

struct WitnessedDrop {
  WitnessedFlow flow;
  bool reply = false;   // lost is what came back
  bool certain = true;  // else probably
  /// "filter DOCKER-USER, rule 1: ip daddr 10.0.0.0/8 drop", "the policy of filter FORWARD",
  /// "no route to 10.0.0.1"; printable.
  std::string rule;

  auto operator<=>(const WitnessedDrop&) const = default;
};

/// Sends by `send` what shall be followed, and says who in this network namespace dropped it: each
/// once, by flow. Listens for at most `bound`, or until something is known of each flow. `send`
/// waits for no answer; where legacy tables live it is called five times, else once. Throws
/// kPrivilege without CAP_NET_ADMIN, kUnsupported where the kernel has no tables that end with
/// their program (before 5.12), and what `send` throws.
std::vector<WitnessedDrop> witness(const std::vector<WitnessedFlow>& flows,
                                   const std::function<void()>& send,
                                   std::chrono::milliseconds bound);

}  // namespace overland::firewall
