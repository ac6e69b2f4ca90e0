#pragma once
// Rules of nf_tables in words, by handle.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "firewall/follow/sighting.h"
#include "firewall/nft/socket.h"

namespace overland::firewall::follow {

class RuleNames {
 public:
  /// "filter DOCKER-USER, rule 1: ip daddr 10.0.0.0/8 drop", "the policy of inet t c". Tables of
  /// family ip are named alone. Throws what nft::Socket does.
  std::string name(const Place& place);

 private:
  using Rules = std::vector<std::pair<std::uint64_t, std::string>>;  // handle, words

  const Rules& rules(const Place& place);

  nft::Socket socket_;
  std::map<Place, Rules> known_;  // by chain: handle 0
};

}  // namespace overland::firewall::follow
