#include "bench/tool.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "base/error.h"

namespace overland::bench {

// Started by a shell it would count the shell's pages as well, by Python Python's: the peak of a
// process begins with what it was before exec(2). This one is small.
int launch(std::vector<std::string> arguments) {
  if (arguments.empty()) return 64;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const auto start = std::chrono::steady_clock::now();
  const pid_t pid = ::fork();
  if (pid < 0) base::throw_errno("fork", errno);
  if (pid == 0) {
    ::dup2(nowhere, STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage = {};
  ::wait4(pid, &status, 0, &usage);
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  const auto milliseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  std::printf("%.3f %.3f %ld %d\n", taken.count(),
              milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime), usage.ru_maxrss,
              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

}  // namespace overland::bench

int main(int argc, char** argv) {
  using namespace overland;
  const std::string verb = argc > 1 ? argv[1] : "";
  const std::vector<std::string> rest(argv + std::min(argc, 2), argv + argc);
  try {
    if (verb == "launch") return bench::launch(rest);
    if (verb == "fill") return bench::fill(rest);
    if (verb == "send") return bench::send(rest);
    if (verb == "sink") return bench::sink(rest);
  } catch (const base::Error& error) {
    std::cerr << "bench_tool " << verb << ": " << error.what() << "\n";
    return 1;
  }
  std::cerr << "usage: bench_tool launch|fill|send|sink ...\n";
  return 64;
}
