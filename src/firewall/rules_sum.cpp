#include "firewall/rules_sum.h"

#include "firewall/legacy/sum.h"
#include "firewall/nft/socket.h"
#include "firewall/variant.h"

namespace overland::firewall {

std::string rules_sum(std::uint64_t seed) {
  base::Digest others(seed);
  legacy::add_tables(others);
  add_iptables_program(others);
  return std::to_string(nft::Socket().generation()) + "-" + std::to_string(others.value());
}

}  // namespace overland::firewall
