#pragma once
// The keys of our sets, as the kernel and nft(8) know them. Only for this folder.

#include <cstdint>
#include <string>

struct nftnl_set;

namespace overland::firewall::nft {

struct SetKey {
  std::uint32_t type;  // NFTA_SET_KEY_TYPE
  std::uint32_t size;  // bytes
};

/// Of a type as Set has it.
SetKey key_of(const std::string& type);

/// Puts beside a set of that type what nft(8) needs to list its elements, and to load the listing.
void put_notes(nftnl_set& set, const SetKey& key);

}  // namespace overland::firewall::nft
