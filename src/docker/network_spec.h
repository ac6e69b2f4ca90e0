#pragma once
// A network of ours as Docker is told to make it, and as its label says it was made. Docker leaves
// things out of what it tells of a network, so our own word is kept with it; only what it is ours
// to compare is taken from Docker. Only for this folder: it shows the library's types.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "model/network.h"

namespace overland::docker {

/// The value of the label: compact JSON, the same for the same network.
std::string spec_text(const model::Network& network);

/// The body of POST /networks/create.
std::string create_body(const model::Network& network);

/// The body that makes a network like the one of this answer to GET /networks/ID.
std::string create_body_like(const nlohmann::json& network);

/// The network of an entry of GET /networks, where it has our label and a driver we know: as Docker
/// has it, and what Docker leaves out as the label says. A label that says nothing leaves the rest
/// at its default: so it differs from what is wanted.
std::optional<model::Network> ours(const nlohmann::json& entry);

}  // namespace overland::docker
