#include "trial/scope.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/error.h"

namespace overland::trial {
namespace {

/// In a mount namespace where systemd seems to run; the errno that move_to_scope() throws, 0 where
/// it throws nothing.
int ask_a_bus_that_hangs() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) {
    return errno;
  }
  ::mkdir("/run/systemd", 0755);
  ::mkdir("/run/systemd/system", 0755);  // sd_booted(3)
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/run/systemd/private");
  const int bus = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::bind(bus, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return errno;
  ::listen(bus, 8);  // takes connections, and never reads
  try {
    move_to_scope(::getpid(), "overland-test.scope", "test");
  } catch (const base::Error& error) {
    return error.errno_value();
  }
  return 0;
}

TEST(Scope, DoesNotWaitLongForABusThatHangs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto began = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(ask_a_bus_that_hangs());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), ETIMEDOUT);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

}  // namespace
}  // namespace overland::trial
