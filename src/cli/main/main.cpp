// Where the program begins.

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace {

/// What whoever starts us leaves to us, and a program that works as root must not depend on.
void set_up_process() {
  ::umask(022);                   // folders that are made are root's to write
  ::signal(SIGCHLD, SIG_DFL);     // children are waited for
  ::signal(SIGXFSZ, SIG_IGN);     // a file that may not grow is an error of write(2)
  constexpr rlim_t kFiles = 256;  // descriptors: a trial and its way back have some thirty
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < kFiles) {
    files.rlim_cur = std::min(kFiles, files.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

}  // namespace

int main(int argc, char** argv) {
  set_up_process();
  // Lists of thousands of peers go back to the system when they are done with. glibc would keep
  // them: it raises this threshold with the first large block that is freed (mallopt(3)).
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  return overland::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
