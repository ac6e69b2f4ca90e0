#pragma once
// The netlink messages of one nf_tables transaction, made by libnftnl, end to end. Only for this
// folder.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firewall/attributes.h"
#include "firewall/nft/command.h"

struct nlmsghdr;
struct nftnl_set;

namespace overland::firewall::nft {

/// No message is longer: an attribute's length is a u16.
inline constexpr std::size_t kLongestMessage = 65536;

class Batch {
 public:
  Batch();

  /// Appends what carries `command` out.
  void take(const Command& command);
  /// Ends the batch. Its last message will be acknowledged, refused ones are anyway.
  void finish();

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  /// Which command, counted from 0, a message belongs to; nullopt for the batch's own.
  [[nodiscard]] std::optional<std::size_t> command_of(std::uint32_t sequence) const;

 private:
  nlmsghdr* begin(std::uint16_t type, std::uint16_t flags);
  void append(const nlmsghdr& header);
  char* room() { return reinterpret_cast<char*>(room_.data()); }

  void put(const Command& command, std::monostate table);
  void put(const Command& command, const Chain& chain);
  void put(const Command& command, const Set& set);
  void put(const Command& command, const Rule& rule);
  void put(const Command& command, const Members& members);

  void flush(const std::string& table, const std::string& chain);
  void put_set(const std::string& table, const Set& set, std::uint32_t flags);
  void put_ranges(std::uint16_t type, const std::string& table, const Set& set,
                  const std::vector<Range>& ranges);
  /// As many messages as it takes; `add(set, member)` puts one member into one.
  template <typename Member, typename Add>
  void put_members(std::uint16_t type, const std::string& table, const Set& in,
                   const std::vector<Member>& members, Add add);
  std::uint32_t put_anonymous(const std::string& table, const std::vector<Range>& ranges);

  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint32_t> room_;  // for the message being made
  std::size_t last_ = 0;             // where the message appended last starts
  std::size_t commands_ = 0;
  std::uint8_t family_ = kIpFamily;  // of the command taken last
  std::uint32_t sequence_ = 1;
  std::uint32_t set_id_ = 0;                             // NFTA_SET_ID of the set made last
  std::map<std::uint32_t, std::size_t> first_sequence_;  // of each command's messages
};

}  // namespace overland::firewall::nft
