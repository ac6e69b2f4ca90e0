#pragma once
// Runs another program by absolute path, without a shell, with a clean environment and a deadline.

#include <chrono>
#include <string>
#include <vector>

namespace overland::base {

struct ProcessResult {
  int status = 0;  // exit status; 128 + signal number where a signal ended it
  std::string out;
  std::string err;
};

/// Runs `program` (absolute path) with `arguments` and waits for it. Only root may have put it
/// there (base/trusted_path.h); else kInvalid is thrown. Standard input is the file `input`; no
/// other descriptor is passed on, no ignored or blocked signal, and of the environment PATH and
/// LC_ALL=C only. Output past 1 MiB a stream is thrown away. After `patience` the program and its
/// process group are killed and kFailure (ETIMEDOUT) thrown; kUnsupported where the program is not
/// there (ENOENT). The default is for a machine busy with booting: what takes 30 ms on an idle one
/// was seen to take many seconds there.
ProcessResult run(const std::string& program, const std::vector<std::string>& arguments,
                  std::chrono::milliseconds patience = std::chrono::seconds(60),
                  const std::string& input = "/dev/null");

}  // namespace overland::base
