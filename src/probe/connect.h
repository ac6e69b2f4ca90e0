#pragma once
// TCP connections that a probe begins and drops.

#include <cstdint>
#include <map>

#include "base/unique_fd.h"
#include "model/address.h"
#include "probe/evidence.h"
#include "probe/post.h"
#include "probe/stand.h"

namespace overland::probe {

class Connections {
 public:
  /// Lets this process have as many descriptors as it may: each connection takes one.
  Connections(const Stand& stand, Post& post);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Begins one; how it ends goes to `evidence`, which stays where it is. Not asked is what there
  /// was no descriptor for.
  void begin(Evidence& evidence, const model::Address& to, std::uint16_t port);

 private:
  void end(int fd, Evidence& evidence);

  const Stand& stand_;
  Post& post_;
  std::map<int, base::UniqueFd> open_;
};

}  // namespace overland::probe
