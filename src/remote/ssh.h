#pragma once
// One program on many hosts by ssh(1), as whoever runs us would call it: their configuration, keys
// and known_hosts. Nobody is ever asked for a password, no host key is taken that ssh would not
// take, nothing but standard input is forwarded. What comes back was written by others.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace overland::remote {

struct Job {
  std::string destination;  // as ssh takes it: "web1", "root@10.0.0.1", a Host of ssh_config(5)
  /// What the user's shell there runs; with "sh -s" `input` is the script.
  std::string command = "sh -s";
  std::string_view input = {};            // its standard input; has to outlive run()
  std::vector<std::string> options = {};  // of ssh, for this host: {"-p", "2222"}
};

enum class Ended : std::uint8_t {
  kExited,       // the command ran: `status`
  kDenied,       // it let us in by no key, and wants a password or nobody
  kHostKey,      // its key is unknown, or another than known_hosts has
  kUnreachable,  // no name, no route, no answer, nobody listens
  kFailed,       // anything else ssh did not do; `err` says
  kLate,         // it had not ended in time and was killed
  kTooMuch,      // it said more than Limits::out and was killed
  kNotRun,       // the run was stopped before its turn
};

struct Answer {
  std::string destination;
  Ended ended = Ended::kNotRun;
  int status = 0;   // of the command; ssh's own 255 is never here
  std::string out;  // not printable as it is
  std::string err;  // likewise; what is past Limits::err is thrown away
};

struct Limits {
  std::size_t parallel = 16;                // at most 64 count
  std::chrono::seconds connect{10};         // each, until it answers
  std::chrono::milliseconds whole{60'000};  // each, from start to end
  std::size_t out = std::size_t{16} << 20U;
  std::size_t err = std::size_t{64} << 10U;
};

/// Whether ssh can be given `destination` and it cannot be an option or more than one word.
bool is_destination(std::string_view destination);

/// The arguments of ssh for one job.
std::vector<std::string> ssh_arguments(const Job& job, const Limits& limits);

/// What a program run on a host said to whoever waits; false: no further one is started.
using OnEnd = std::function<bool(const Answer&)>;

/// Runs all, at most Limits::parallel at once, in their order; `on_end` hears each as it ends. The
/// answers are in the order of `jobs`. Throws kUsage for a destination that is none, kUnsupported
/// where no ssh is on PATH, kInvalid where others than root and we could replace it.
std::vector<Answer> run(const std::vector<Job>& jobs, const Limits& limits,
                        const OnEnd& on_end = {});

/// In a sentence without its full stop, printable, what kept the command from running, or that it
/// exited with a status other than 0, and the remedy. Empty where all went well.
std::string explain(const Answer& answer);

}  // namespace overland::remote
