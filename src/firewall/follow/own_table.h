#pragma once
// The table that has packets traced: it belongs to a socket (NFT_TABLE_F_OWNER), and the kernel
// removes it with that, however this program ends.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firewall/follow/brackets.h"
#include "firewall/follow/journeys.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::follow {

class OwnTable {
 public:
  /// Traces what carries one of `icmp_ids`, by its place among them, and errors about it. Throws
  /// kPrivilege, and kUnsupported where the kernel has no such tables.
  OwnTable(const std::vector<Bracket>& brackets, const std::vector<std::uint16_t>& icmp_ids);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// By the handles of the rules that begin it.
  [[nodiscard]] std::map<std::uint64_t, Origin> origins() const;

 private:
  std::string name_;
  netlink::Socket socket_;
};

}  // namespace overland::firewall::follow
