#include "probe/space.h"

#include <fcntl.h>
#include <sched.h>

#include <string>

#include "base/error.h"

namespace overland::probe {
namespace {

base::UniqueFd open_space(const std::string& path) {
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) base::throw_errno("cannot open " + path, errno);
  return fd;
}

}  // namespace

base::UniqueFd make_space() {
  return std::async(std::launch::async,
                    [] {
                      if (::unshare(CLONE_NEWNET) != 0) {
                        base::throw_errno("cannot make a network namespace", errno);
                      }
                      return open_space("/proc/thread-self/ns/net");
                    })
      .get();
}

base::UniqueFd space_of(int pid) { return open_space("/proc/" + std::to_string(pid) + "/ns/net"); }

void enter_space(int space) {
  if (::setns(space, CLONE_NEWNET) != 0) {
    base::throw_errno("cannot enter a network namespace", errno);
  }
}

}  // namespace overland::probe
