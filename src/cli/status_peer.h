#pragma once
// All that is known here of one peer: `overland status PEER`.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/status_report.h"
#include "desired/path.h"

namespace overland::cli {

struct PeerDetail {
  struct Address {
    HopStatus hop;  // as seen from here, although it need not be a next hop
    std::string segment;
  };

  const inventory::Inventory* inventory = nullptr;  // of the path
  std::string name;
  bool router = false;
  std::vector<Address> addresses;
  std::vector<std::string> subnets;
  /// Links on which the rules in force let all of it in; nullopt: they could not be read.
  std::optional<std::vector<std::string>> let_in_on;
  std::optional<desired::Outer> tunnel;  // to it; with the MTU its link has, where it is there
  desired::Endpoint from;  // by the inventory: this host's bridge, or the host itself, and its
  desired::Endpoint to;
  desired::Path there;
  desired::Path back;
};

/// The host of `inventory` that `text` names, or that has the address it is. Throws kUsage where
/// there is none, and where it is `self`.
const inventory::Host& find_peer(const inventory::Inventory& inventory, const inventory::Host& self,
                                 std::string_view text);

PeerDetail peer_detail(const inventory::Inventory& inventory, const inventory::Host& self,
                       const inventory::Host& peer, const reconcile::Survey& survey,
                       const std::vector<model::NeighbourFacts>& neighbours);

std::string peer_text(const PeerDetail& peer);
nlohmann::ordered_json peer_json(const PeerDetail& peer);

}  // namespace overland::cli
