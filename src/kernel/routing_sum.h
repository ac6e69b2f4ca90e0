#pragma once
// All that decides where IPv4 leads, in one number: the routes of every table and the policy rules.
// A look at whether anything of it has changed, for a fraction of what reading it costs.

#include <cstdint>
#include <optional>

namespace overland::kernel {

/// Equal for equal routes, whatever their order, and equal rules in the same order. nullopt where
/// there are more than 4096 routes that are not ours: a routing daemon's table is never the same
/// for long. Throws what the kernel refuses.
std::optional<std::uint64_t> routing_sum(std::uint64_t seed);

/// Names this network namespace for as long as the machine is up: its cookie, or where the kernel
/// (before 5.14) has none, the number of its file.
std::uint64_t network_namespace();

}  // namespace overland::kernel
