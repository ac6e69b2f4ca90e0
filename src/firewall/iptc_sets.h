#pragma once
// The ipsets `overland-…` of this network namespace, through the kernel's own netlink protocol: no
// ipset program or library is needed, and 10,000 elements go in ten messages. A set's contents are
// replaced at once (filled beside, then swapped). Rules name sets by index, which a swap keeps.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "firewall/iptc_snapshot.h"

struct nl_sock;
struct nl_msg;
struct nlmsghdr;

namespace overland::firewall::iptc {

class Sets {
 public:
  Sets();
  ~Sets();
  Sets(const Sets&) = delete;
  Sets& operator=(const Sets&) = delete;

  /// The kernel has ipset in memory. Asking does not load it; where it is not, there are no sets.
  [[nodiscard]] bool loaded();
  /// The names of our sets; empty while not loaded().
  [[nodiscard]] std::vector<std::string> names();
  /// All sets of ours with their elements; empty while not loaded().
  [[nodiscard]] std::map<std::string, SetContents> read();
  /// Makes `name` hold exactly `prefixes`. Throws kUnsupported where the kernel has no ipset.
  void put(const std::string& name, std::span<const model::Prefix> prefixes);
  /// Throws where a rule still uses it.
  void destroy(const std::string& name);

  /// Throws where there is no such set.
  [[nodiscard]] std::uint16_t index_of(const std::string& name);
  /// Empty where there is none.
  [[nodiscard]] std::string name_of(std::uint16_t index);

 private:
  struct Close {
    void operator()(nl_sock* socket) const;
  };
  using OnMessage = std::function<void(nlmsghdr*)>;

  /// Sends `message` and reads to the end of the answer; 0, an errno or one of IPSET_ERR_*.
  int exchange(nl_msg* message, const OnMessage& on_message);
  void require(int error, const std::string& what) const;
  int command(std::uint16_t kind, const std::string& name, const std::string& second = {});
  SetContents contents(const std::string& name);
  void create(const std::string& name, std::size_t size);
  void fill(const std::string& name, std::span<const model::Prefix> prefixes);

  std::unique_ptr<nl_sock, Close> socket_;  // opened when first needed
  base::UniqueFd raw_;                      // likewise, for SO_IP_SET
};

}  // namespace overland::firewall::iptc
