#pragma once
// Which field of ours an expression loads. Pure.

#include <cstdint>
#include <optional>

#include "firewall/nft/statement.h"

namespace overland::firewall::nft {

struct Loaded {
  Field field = Field::kMark;
  std::uint32_t size = 0;  // bytes
};

/// By NFTA_META_KEY; nullopt: none of ours.
std::optional<Loaded> meta_field(std::uint32_t key);
/// By NFTA_PAYLOAD_BASE, _OFFSET and _LEN. Of an address as many leading bytes as there are.
std::optional<Loaded> payload_field(std::uint32_t base, std::uint32_t offset, std::uint32_t size);

/// Where a field behind the network's header begins, in bytes from there; of others 0.
std::uint32_t transport_offset(Field field);

}  // namespace overland::firewall::nft
