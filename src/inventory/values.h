#pragma once
// Texts of an inventory to values of ours, with a fault that says what to write instead.

#include <cstdint>
#include <optional>
#include <string>

#include "inventory/report.h"
#include "model/address.h"

namespace overland::inventory {

/// Characters of an interface's name: IFNAMSIZ of linux/if.h, less the final NUL.
inline constexpr std::size_t kLongestInterface = 15;

/// PATH_MAX of linux/limits.h, less the final NUL.
inline constexpr std::size_t kLongestPath = 4095;

template <typename T>
struct Placed {
  T value;
  Position at;
};

using Text = Placed<std::string>;

/// Each gives nullopt after reporting. `key` is the key's name for the message.
std::optional<model::Address> read_address(const Text& text, const std::string& key,
                                           Report& report);
/// A network without host bits whose length lies in `shortest` … `longest`.
std::optional<model::Prefix> read_network(const Text& text, const std::string& key, int shortest,
                                          int longest, Report& report);
/// A bridge's own address with its prefix length, neither network nor broadcast address.
std::optional<model::InterfaceAddress> read_bip(const Text& text, const std::string& key,
                                                Report& report);

/// What hostname(7) allows; "localhost" is nobody's name.
bool check_host_name(const Text& text, Report& report);
/// Letters, digits, '-', '_' and '.', at most 63 characters: segments and the cluster.
bool check_plain_name(const Text& text, const std::string& key, Report& report);
/// What dev_valid_name() of net/core/dev.c allows, less what nft could not quote.
bool check_interface_name(const Text& text, const std::string& key, Report& report);
/// An absolute path without control characters to a program whose name begins with "dockerd".
bool check_program_path(const Text& text, const std::string& key, Report& report);
/// Exactly one of 32 bits.
bool check_mark(const Placed<std::int64_t>& mark, Report& report);

/// The reserved range that `prefix` overlaps ("loopback 127.0.0.0/8"), or empty.
std::string reserved_range(const model::Prefix& prefix);

}  // namespace overland::inventory
