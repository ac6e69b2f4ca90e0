#pragma once
// Where packets go that no other route takes: the next hops of the main table's default routes.

#include <vector>

#include "model/address.h"

namespace overland::kernel {

/// Of all default routes, whoever made them and whatever their metric; sorted, each once. Default
/// routes straight onto a link have none. Costs the same however many other routes there are.
std::vector<model::Address> default_gateways();

}  // namespace overland::kernel
