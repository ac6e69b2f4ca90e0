#pragma once
// The verbs of bench_tool; each gets its arguments without the verb and gives the exit status.

#include <string>
#include <vector>

namespace overland::bench {

/// launch PROGRAM ARGUMENTS...: runs it with its output thrown away; prints "MILLISECONDS
/// PEAK-KIB STATUS".
int launch(std::vector<std::string> arguments);
/// fill COUNT GATEWAY: that many foreign routes (protocol static) to /24s from 32.0.0.0 on.
int fill(const std::vector<std::string>& arguments);
/// send ADDRESS PACKETS: UDP packets of 64 bytes; prints the seconds of CPU time it took.
int send(const std::vector<std::string>& arguments);
/// sink: holds a UDP socket that takes packets and drops them, until it is killed.
int sink(const std::vector<std::string>& arguments);

inline constexpr int kPort = 9;  // "discard" of services(5)

}  // namespace overland::bench
