#pragma once
// What Docker's API answers, as facts. Pure: takes the JSON texts. Shapes of API 1.41
// (Docker 20.10) to 1.52 (29); fields that are missing leave the fact at its default. Throws
// kInvalid where a text is no JSON object or array, or a field has another type than the API
// documents.

#include <string>
#include <vector>

#include "model/docker.h"

namespace overland::docker {

/// Docker's own pools, in force where default-address-pools is not set: localScopeDefaultNetworks
/// of libnetwork/ipamutils/utils.go (github.com/moby/moby).
std::vector<model::Prefix> builtin_address_pools();

/// The pools of a `default-address-pools` value, or of DefaultAddressPools in /info; entries that
/// are no prefixes are left out.
std::vector<model::Prefix> parse_address_pools(const std::string& json);

/// Version, live_restore, firewall_backend and address_pools from the answer to /info.
void read_info(const std::string& json, model::DockerFacts& facts);

/// From the answer to /networks, sorted by name, without the default bridge and the built-in "host"
/// and "none".
std::vector<model::DockerNetwork> parse_networks(const std::string& json);

}  // namespace overland::docker
