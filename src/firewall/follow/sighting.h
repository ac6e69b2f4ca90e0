#pragma once
// What nf_tables tells of a packet that is traced (NFT_MSG_TRACE), one message. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "firewall/attributes.h"
#include "model/address.h"

namespace overland::firewall::follow {

/// Of an ICMP packet over IPv4.
struct IcmpHeader {
  model::Address source, destination;
  std::uint16_t packet_id = 0;  // of IP
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t id = 0;        // of an echo, like the next
  std::uint16_t sequence = 0;  // of an error these are what else it says

  auto operator<=>(const IcmpHeader&) const = default;
};

/// Where a packet is decided on.
struct Place {
  std::uint8_t family = 0;  // NFPROTO_…
  std::string table;
  std::string chain;
  std::uint64_t handle = 0;  // of the rule; 0: the chain's policy

  auto operator<=>(const Place&) const = default;
};

struct Sighting {
  std::uint32_t walk = 0;  // the same for one packet within one hook
  Place place;
  bool dropped = false;
  std::optional<IcmpHeader> header;  // with the first message of each base chain
  std::uint32_t in_link = 0;         // index; 0: from here. Beside `header`, like the mark
  std::uint32_t mark = 0;
};

/// `attributes` stand behind struct nfgenmsg. Nothing is believed of them: what is missing or too
/// short reads as nothing.
Sighting read_sighting(std::uint8_t family, Bytes attributes);

}  // namespace overland::firewall::follow
