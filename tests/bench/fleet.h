#pragma once
// A fleet of hosts on one segment, as inventory text. Neither addresses nor bridge subnets have
// neighbours, so nothing of it can be aggregated: every peer costs a route and two set elements.
// tests/bench/fleet.py writes the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/address.h"

namespace overland::bench {

/// Length of the bridge subnets: /25 up to 16,000 hosts, so that they fit into 100.64.0.0/10.
constexpr std::uint8_t bridge_length(std::size_t hosts) { return hosts <= 16000 ? 25 : 28; }

inline model::Address host_address(std::size_t i) {
  return model::Address::from_ipv4(0x0a000001U + 2 * static_cast<std::uint32_t>(i));  // 10.0.0.1
}

inline model::Prefix bridge_subnet(std::size_t i, std::uint8_t length) {
  const std::uint32_t stride = 2U << (32U - length);
  const auto network = 0x64400000U + static_cast<std::uint32_t>(i) * stride;  // 100.64.0.0
  return {model::Address::from_ipv4(network), length};
}

inline std::string fleet_text(std::size_t hosts) {
  const std::uint8_t length = bridge_length(hosts);
  std::string text =
      "version = 1\n[docker]\ndaemon_json = \"off\"\n"
      "[[segment]]\nname = \"lan\"\nsubnet = \"10.0.0.0/8\"\n";
  for (std::size_t i = 0; i < hosts; ++i) {
    const auto bridge =
        model::Address::from_ipv4(bridge_subnet(i, length).network().ipv4() + 1).to_string();
    text += "\n[[host]]\nname = \"h" + std::to_string(i) + "\"\naddress = \"" +
            host_address(i).to_string() + "\"\nbip = \"" + bridge + "/" + std::to_string(length) +
            "\"\n";
  }
  return text;
}

}  // namespace overland::bench
