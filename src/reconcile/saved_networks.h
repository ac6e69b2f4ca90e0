#pragma once
// What SavedState remembers of networks, as JSON. Only for this folder: it shows the library's
// types. All readers throw what the library throws, or kInvalid.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/network.h"

namespace overland::reconcile {

using Moving = std::map<std::string, std::vector<model::NetworkMember>>;
using NetworkIds = std::map<std::string, std::vector<std::string>>;

nlohmann::ordered_json moving_json(const Moving& moving);
Moving moving_from(const nlohmann::ordered_json& networks);
nlohmann::ordered_json ids_json(const NetworkIds& ids);
NetworkIds ids_from(const nlohmann::ordered_json& object);

}  // namespace overland::reconcile
