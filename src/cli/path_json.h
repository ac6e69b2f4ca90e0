#pragma once
// A path as programs read it.

#include <nlohmann/json_fwd.hpp>

#include "desired/path.h"

namespace overland::cli {

/// null where there is none.
nlohmann::ordered_json tunnel_json(const std::optional<desired::Outer>& tunnel);

/// {"schema_version": …, "source": …, "destination": …, "arrives": …, "stages": […], …}
nlohmann::ordered_json path_json(const inventory::Inventory& inventory,
                                 const desired::Endpoint& from, const desired::Endpoint& to,
                                 const desired::Path& there, const desired::Path& back);

}  // namespace overland::cli
