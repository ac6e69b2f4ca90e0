// overland-fetch: brings the inventory from where it is kept, and puts a new one there.

#include <signal.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/source/verbs.h"

int main(int argc, char** argv) {
  using namespace overland;
  ::umask(022);
  ::signal(SIGCHLD, SIG_DFL);  // children are waited for
  ::signal(SIGPIPE, SIG_IGN);  // a store that hangs up is an error of write(2)
  ::signal(SIGXFSZ, SIG_IGN);
  cli::set_up_log();
  return cli::guarded([&] {
    const std::string verb = argc > 1 ? argv[1] : "";
    const std::vector<std::string> arguments(argv + (argc > 1 ? 2 : argc), argv + argc);
    if (verb == "fetch") return cli::fetch_document(arguments);
    if (verb == "publish") return cli::publish_document(arguments);
    throw base::Error(base::ErrorKind::kUsage, "call it as overland fetch or overland publish");
  });
}
