// The verbs fetch and publish are those of overland-fetch, a program of its own: only it speaks
// HTTP and TLS.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "base/error.h"
#include "base/trusted_path.h"
#include "cli/verb.h"

namespace overland::cli {
namespace {

constexpr const char* kProgram = OVERLAND_FETCH_PROGRAM;

[[noreturn]] void become(const char* verb, const std::vector<std::string>& arguments) {
  if (!base::open_trusted(kProgram, O_PATH, base::Sticky::kFoldersOnly).valid()) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      std::string(kProgram) + " is not installed; the package overland has it");
  }
  std::vector<char*> argv = {const_cast<char*>(kProgram), const_cast<char*>(verb)};
  for (const std::string& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  std::cout.flush();
  ::execv(kProgram, argv.data());
  base::throw_errno(std::string("cannot run ") + kProgram, errno);
}

}  // namespace

int fetch(const std::vector<std::string>& arguments) { become("fetch", arguments); }

int publish(const std::vector<std::string>& arguments) { become("publish", arguments); }

}  // namespace overland::cli
