#pragma once
// A table that belongs to a socket (NFT_TABLE_F_OWNER): the kernel removes it with that, however
// this program ends, and nobody else can change it meanwhile. Linux 5.12 and later.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "netlink/netlink_message.h"
#include "netlink/netlink_socket.h"

namespace overland::firewall::nft {

/// "overland-PURPOSE-" and a number: two at once, in whatever namespaces, have each their own.
std::string fresh_table_name(const std::string& purpose);

/// The one transaction that makes it, of the family ip. A rule is what stands between begin_rule()
/// and end_rule(): it goes on while what it matches does.
class OwnedTable {
 public:
  explicit OwnedTable(std::string name);

  /// `hook` of linux/netfilter.h.
  void base_chain(const std::string& name, int hook, int priority);
  void chain(const std::string& name);

  void begin_rule(const std::string& chain);
  void match_icmp();
  /// `header`: NFT_PAYLOAD_NETWORK_HEADER or NFT_PAYLOAD_TRANSPORT_HEADER; `offset` in bytes.
  void match(std::uint32_t header, std::uint32_t offset, std::span<const std::uint8_t> value);
  /// The same of the identifier of an ICMP message or of what an ICMP error quotes.
  void match_id(std::uint32_t offset, std::uint16_t id);
  void jump(const std::string& target);
  void trace();
  void notrack();
  void end_rule();

  /// Has the kernel make it, for as long as `owner` lives. Throws kUnsupported where it has no such
  /// tables, saying that `what` cannot be had then; kPrivilege without CAP_NET_ADMIN.
  void make(netlink::Socket& owner, const std::string& what);

 private:
  void begin_batch(std::uint16_t type);
  void begin(std::uint16_t type, unsigned flags);
  std::size_t begin_expression(const char* name);
  void end_expression(std::size_t data);
  void value(int type, std::span<const std::uint8_t> bytes);
  void compare(std::span<const std::uint8_t> bytes);

  std::string name_;
  netlink::MessageBuffer buffer_;
  std::uint32_t sequence_ = 1;
  std::size_t expressions_ = 0;
  std::size_t element_ = 0;
};

}  // namespace overland::firewall::nft
