#include "firewall/nft/fields.h"

#include <linux/netfilter/nf_tables.h>

#include <array>

#include "firewall/nft/numbers.h"

namespace overland::firewall::nft {
namespace {

/// Of the network header, whichever of the two we write rules for: no offset is in both.
std::optional<Field> network_field(std::uint32_t offset) {
  switch (offset) {
    case kSourceOffset:
      return Field::kSource;
    case kDestinationOffset:
      return Field::kDestination;
    case kArpKindOffset:
      return Field::kArpKind;
    case kArpSourceOffset:
      return Field::kArpSource;
    case kArpTargetOffset:
      return Field::kArpTarget;
    default:
      return std::nullopt;
  }
}

constexpr std::array kTransportFields = {
    Field::kDestinationPort, Field::kVni,        Field::kInnerKind,
    Field::kInnerSource,     Field::kIcmpError,  Field::kQuotedHead,
    Field::kQuotedTransport, Field::kQuotedKind, Field::kQuotedPort};

std::optional<Field> transport_field(std::uint32_t offset, std::uint32_t size) {
  for (const Field field : kTransportFields) {
    const std::uint32_t number = short_number(field);
    if (transport_offset(field) == offset && size == (number != 0 ? number : 4)) return field;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t transport_offset(Field field) {
  switch (field) {
    case Field::kDestinationPort:
      return kPortOffset;
    case Field::kVni:
      return kVniOffset;
    case Field::kInnerKind:
      return kInnerKindOffset;
    case Field::kInnerSource:
      return kInnerSourceOffset;
    case Field::kQuotedHead:
      return kQuotedHeadOffset;
    case Field::kQuotedTransport:
      return kQuotedTransportOffset;
    case Field::kQuotedKind:
      return kQuotedKindOffset;
    case Field::kQuotedPort:
      return kQuotedPortOffset;
    default:
      return kIcmpErrorOffset;
  }
}

std::optional<Loaded> meta_field(std::uint32_t key) {
  switch (key) {
    case NFT_META_MARK:
      return Loaded{Field::kMark, sizeof(std::uint32_t)};
    case NFT_META_SKUID:
      return Loaded{Field::kSocketUser, sizeof(std::uint32_t)};
    case NFT_META_PROTOCOL:
      return Loaded{Field::kProtocol, sizeof(std::uint16_t)};
    case NFT_META_L4PROTO:
      return Loaded{Field::kTransport, sizeof(std::uint8_t)};
    case NFT_META_IIFNAME:
      return Loaded{Field::kInLink, kLinkNameSize};
    case NFT_META_OIFNAME:
      return Loaded{Field::kOutLink, kLinkNameSize};
    case NFT_META_IIFKIND:
      return Loaded{Field::kInKind, kLinkNameSize};
    case NFT_META_OIFKIND:
      return Loaded{Field::kOutKind, kLinkNameSize};
    default:
      return std::nullopt;
  }
}

std::optional<Loaded> payload_field(std::uint32_t base, std::uint32_t offset, std::uint32_t size) {
  if (size == 0 || size > 4) return std::nullopt;
  const bool network = base == NFT_PAYLOAD_NETWORK_HEADER;
  if (!network && base != NFT_PAYLOAD_TRANSPORT_HEADER) return std::nullopt;
  const auto field = network ? network_field(offset) : transport_field(offset, size);
  if (!field) return std::nullopt;
  return Loaded{*field, size};
}

}  // namespace overland::firewall::nft
