#pragma once
// Network namespaces, held by descriptors only: nothing of them is left when those are closed, also
// by the kernel.

#include <cerrno>
#include <future>

#include "base/unique_fd.h"

namespace overland::probe {

/// A new network namespace with nothing but its loopback, which is down. Throws what errno says.
base::UniqueFd make_space();

/// That of process `pid`. Throws what errno says.
base::UniqueFd space_of(int pid);

/// Moves this thread into it. Throws what errno says.
void enter_space(int space);

/// What `work` gives in network namespace `space`, in a thread of its own: sockets made there stay
/// there. Not valid: in this one. Throws what `work` throws, and what errno says.
template <typename Work>
auto in_space(const base::UniqueFd& space, Work work) {
  if (!space.valid()) return work();
  return std::async(std::launch::async,
                    [&] {
                      enter_space(space.get());
                      return work();
                    })
      .get();
}

}  // namespace overland::probe
