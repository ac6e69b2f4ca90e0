#include "firewall/nft/set_types.h"

#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

#include <cerrno>
#include <memory>

#include "base/error.h"
#include "firewall/nft/numbers.h"
#include "firewall/nft/table.h"

namespace overland::firewall::nft {
namespace {

constexpr std::uint32_t kAddressSize = 4;

/// What libnftables keeps of a type that is that of an expression ("typeof"), as it writes it
/// itself from 1.0.6: enums of its expression.h, payload.c and proto.h.
class Notes {
 public:
  Notes() : buffer_(::nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN), ::nftnl_udata_buf_free) {
    if (!buffer_) base::throw_errno("cannot make an nf_tables object", ENOMEM);
  }

  void number(std::uint8_t type, std::uint32_t value) {
    ::nftnl_udata_put_u32(buffer_.get(), type, value);
  }
  /// "ip saddr"
  void source(std::uint8_t type) {
    constexpr std::uint32_t kIp = 12;          // PROTO_DESC_IP
    constexpr std::uint32_t kSourceOfIp = 11;  // IPHDR_SADDR
    payload(type, [&] {
      number(0, kIp);
      number(1, kSourceOfIp);
    });
  }
  /// "@th,OFFSET,32"
  void behind(std::uint8_t type, std::uint32_t offset) {
    constexpr std::uint32_t kTransport = 3;  // PROTO_BASE_TRANSPORT_HDR
    payload(type, [&] {
      number(0, 0);
      number(1, 0);
      number(2, kTransport);
      number(3, 8 * offset);
      number(4, 8 * kAddressSize);
    });
  }
  template <typename Fill>
  void expression(std::uint8_t type, std::uint32_t kind, Fill fill) {
    nest(type, [&] {
      number(NFTNL_UDATA_SET_TYPEOF_EXPR, kind);
      nest(NFTNL_UDATA_SET_TYPEOF_DATA, fill);
    });
  }
  void put(nftnl_set& set) const {
    ::nftnl_set_set_data(&set, NFTNL_SET_USERDATA, ::nftnl_udata_buf_data(buffer_.get()),
                         ::nftnl_udata_buf_len(buffer_.get()));
  }

 private:
  template <typename Fill>
  void nest(std::uint8_t type, Fill fill) {
    nftnl_udata* within = ::nftnl_udata_nest_start(buffer_.get(), type);
    fill();
    ::nftnl_udata_nest_end(buffer_.get(), within);
  }
  template <typename Fill>
  void payload(std::uint8_t type, Fill fill) {
    constexpr std::uint32_t kPayload = 7;  // EXPR_PAYLOAD
    expression(type, kPayload, fill);
  }

  std::unique_ptr<nftnl_udata_buf, decltype(&::nftnl_udata_buf_free)> buffer_;
};

}  // namespace

SetKey key_of(const std::string& type) {
  if (type == kSenderType) return {kSenderKeyType, kSenderSize};
  if (type == kPairType) return {kPairKeyType, kPairSize};
  if (type == "ipv4_addr") return {kAddressType, kAddressSize};
  return {kLinkNameType, kLinkNameSize};
}

void put_notes(nftnl_set& set, const SetKey& key) {
  constexpr std::uint32_t kHostOrder = 1;  // enum byteorder of libnftables' datatype.h
  constexpr std::uint32_t kNetworkOrder = 2;
  if (key.type == kSenderKeyType) return;
  Notes notes;
  if (key.type != kPairKeyType) {
    notes.number(NFTNL_UDATA_SET_KEYBYTEORDER,
                 key.type == kAddressType ? kNetworkOrder : kHostOrder);
  } else {
    constexpr std::uint32_t kConcatenation = 13;  // EXPR_CONCAT
    notes.number(NFTNL_UDATA_SET_KEYBYTEORDER, 0);
    notes.expression(NFTNL_UDATA_SET_KEY_TYPEOF, kConcatenation, [&] {
      notes.source(0);
      notes.behind(1, kInnerSourceOffset);
    });
  }
  notes.put(set);
}

}  // namespace overland::firewall::nft
