#pragma once
// The record of what the last whole look found in order, and of all it rested on: while nothing of
// that has changed the next look would find the same. Kept in /run, for one boot. Losing it costs a
// whole look.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace overland::reconcile {

/// What no part of the record shows is seen once in so much time at the latest.
inline constexpr std::chrono::seconds kWholeLook = std::chrono::hours(1);

struct Verified {
  std::uint64_t seed = 0;                      // of all sums: nobody else knows it
  std::int64_t looked = 0;                     // seconds of CLOCK_BOOTTIME
  std::string host;                            // its name in the inventory
  std::string dockerd;                         // docker.program of the inventory; empty: none
  std::string unit;                            // Engine::unit_told(); empty: systemd was not asked
  std::vector<std::string> sysctls{};          // the keys that were read
  std::map<std::string, std::string> facts{};  // by name: what has to be the same

  auto operator<=>(const Verified&) const = default;
};

/// Seconds of CLOCK_BOOTTIME: no clock that anybody sets.
std::int64_t boot_seconds();

/// Whether it is not older than kWholeLook, nor from the future.
bool fresh(const Verified& record, std::int64_t now);

/// nullopt where there is none, it is torn, of another version of this file, or others than root
/// could have written it.
std::optional<Verified> load_verified(const std::filesystem::path& file);

/// Readable for root alone. Throws what errno says. What cannot be written as lines is not kept.
void store_verified(const std::filesystem::path& file, const Verified& record);

}  // namespace overland::reconcile
