#pragma once
// Containers on a network, running or not: listed, taken off, and put on one of the same name. Only
// for this folder: it shows the library's types.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "docker/networks.h"
#include "model/network.h"

namespace overland::docker {

/// Those on a network of that name, by name, whatever its id: a stopped container goes on naming
/// one that is gone.
std::vector<model::NetworkMember> members_of(const std::string& network, const Ask& ask);

/// The ids of all containers, running or not; sorted.
std::vector<std::string> container_ids(const Ask& ask);

/// Also where it does not run.
void disconnect(const std::string& network_id, const model::NetworkMember& member, const Ask& ask);
void connect(const std::string& network_id, const model::NetworkMember& member, const Ask& ask);

/// The settings of an endpoint, as GET /containers/ID/json tells them, that were chosen and not
/// picked by Docker.
nlohmann::json chosen_settings(const nlohmann::json& endpoint, const std::string& container_id);

}  // namespace overland::docker
