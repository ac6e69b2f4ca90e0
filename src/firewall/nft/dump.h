#pragma once
// Looks at nf_tables over plain nfnetlink: what is listed here can be large and foreign (ten
// thousand set elements, somebody's long chain). Family ip only where not said otherwise.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/nft/socket.h"

namespace overland::firewall::nft {

/// Hook of a base chain; numbers as in the kernel (linux/netfilter.h, linux/netfilter_ipv4.h).
struct Hook {
  std::string type;           // "filter", "nat", "route"
  std::uint32_t number = 0;   // NF_INET_PRE_ROUTING 0 … NF_INET_POST_ROUTING 4
  std::int32_t priority = 0;  // lower comes first
  bool policy_drop = false;
  std::string device = {};  // of family netdev, where it is one
  // All links of an ingress or egress chain; one that ends in * stands for what begins so.
  std::vector<std::string> devices = {};
};

/// NFPROTO_… of linux/netfilter.h.
inline constexpr std::uint8_t kInetFamily = 1;
inline constexpr std::uint8_t kIpFamily = 2;
inline constexpr std::uint8_t kArpFamily = 3;
inline constexpr std::uint8_t kNetdevFamily = 5;

struct TableEntry {
  std::string name;
  std::uint32_t flags = 0;  // NFT_TABLE_F_…: dormant 1, owner 2
  std::uint32_t owner = 0;  // netlink port of the program that alone may change it; 0: anybody
};

struct ChainEntry {
  std::uint8_t family = 2;  // NFPROTO_INET 1, NFPROTO_IPV4 2, NFPROTO_BRIDGE 7, …
  std::string table;
  std::string name;
  std::optional<Hook> hook;  // nullopt: no base chain
  std::uint32_t uses = 0;    // its rules, and what leads to it
};

/// A rule of a chain, as far as jumps are concerned.
struct RuleEntry {
  std::uint64_t handle = 0;
  std::string jump;    // chain jumped or gone to; empty: neither
  bool plain = false;  // nothing but a counter, a comment and the verdict: applies to every packet
  bool goes = false;   // goes, and does not come back
  std::string chain = {};
  bool returns = false;
  bool decides = false;  // accepts or drops
  // Of a jump to a chain of ours that is not plain, but for a match of the mark: these bits.
  std::uint32_t mark = 0;
};

struct SetEntry {
  std::string name;
  std::uint32_t flags = 0;     // NFT_SET_… : anonymous 1, constant 2, interval 4, map 8, …
  std::uint32_t key_type = 0;  // libnftables' number of the type: 7 ipv4_addr, 41 ifname
};

/// An element of an IPv4 set, first and last address included, in host order.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  auto operator<=>(const Range&) const = default;
};

/// An element of a set of links and sources: a prefix as its first and last address.
struct Sender {
  std::string link;
  Range addresses;

  auto operator<=>(const Sender&) const = default;
};

/// An element of a set of outer and inner sources: an address, and of a prefix its first and last.
struct Pair {
  std::uint32_t outer = 0;
  Range inner;

  auto operator<=>(const Pair&) const = default;
};

/// What a set holds.
template <typename Key>
struct Held {
  std::vector<Key> keys;  // sorted
  bool plain = true;      // keys and nothing else: no limit, no timeout, no catch-all
};

/// As nft(8) has it: "inet".
std::string family_name(std::uint8_t family);

/// One socket for several looks. All throw kPrivilege without CAP_NET_ADMIN and kUnsupported where
/// the kernel has no nf_tables; a table, chain or set that is not there reads as empty.
class Dump {
 public:
  std::vector<TableEntry> tables(std::uint8_t family = kIpFamily);
  /// "table inet overland", …: those of this name in any family.
  std::vector<std::string> tables_named(std::string_view name);
  /// Chains of `family` (0: of all families).
  std::vector<ChainEntry> chains(std::uint8_t family);
  /// Rules in their order; without `chain` those of the whole table.
  std::vector<RuleEntry> rules(const std::string& table, const std::string& chain);
  /// The expressions (NFTA_RULE_EXPRESSIONS) of each rule, in order.
  std::vector<std::vector<std::uint8_t>> expressions(const std::string& table,
                                                     const std::string& chain,
                                                     std::uint8_t family = kIpFamily);
  /// Sets and maps, named or not.
  std::vector<SetEntry> sets(const std::string& table);
  /// Names of the flowtables and objects (counters, limits, helpers) of a table.
  std::vector<std::string> others(const std::string& table);
  /// Elements of a set of type ipv4_addr. `interval`: the set has that flag.
  Held<Range> ranges(const std::string& table, const std::string& set, bool interval,
                     std::uint8_t family = kIpFamily);
  /// Elements of a set of type ifname.
  Held<std::string> names(const std::string& table, const std::string& set);
  /// Elements of a set of senders, each with its first address alone.
  Held<Sender> senders(const std::string& table, const std::string& set);
  /// Elements of a set of pairs, each with its first inner address alone.
  Held<Pair> pairs(const std::string& table, const std::string& set);

 private:
  Socket socket_;
};

}  // namespace overland::firewall::nft
