#pragma once
// What carries our mark where this version puts nothing: routes of other tables and families, and
// policy rules. A newer version may have made it.

#include <string>
#include <vector>

namespace overland::kernel {

/// One sentence each, a few of many; routes of the main table and IPv4, which RouteTable has, left
/// out.
std::vector<std::string> remnants();

}  // namespace overland::kernel
