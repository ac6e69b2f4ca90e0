#pragma once
// What hosts say of themselves: of their state, and of what a file would change there.

#include <string_view>
#include <vector>

#include "fleet/ask.h"

namespace overland::fleet {

/// HostResult::status and, where `probe`, HostResult::probe of each. Its exit code is that of
/// `status --check`, 1 where a peer was not reached, 78 where its file is refused.
std::vector<HostResult> ask_status(const Asking& asking, const std::vector<Target>& targets,
                                   bool probe);

/// HostResult::plan of each, with `toml` in place of its own file. Its exit code is that of `plan
/// --detailed-exitcode`.
std::vector<HostResult> ask_plan(const Asking& asking, const std::vector<Target>& targets,
                                 std::string_view toml);

/// Throws kInvalid where the host that answered is another than the inventory has at its address.
void require_name(const HostResult& result, const std::string& host);

}  // namespace overland::fleet
