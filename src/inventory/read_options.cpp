// [docker] and [firewall], as defaults and as overrides of a host.

#include <algorithm>
#include <cstdint>

#include "inventory/read_parts.h"

namespace overland::inventory {
namespace {

constexpr std::string_view kPoolExample = "address_pools = [\"10.210.0.0/16\"]";

/// dockerd 20.10 makes a list of all networks of a pool when it starts: splitNetwork of
/// libnetwork/ipamutils (github.com/moby/moby).
constexpr int kMostBits = 16;

void check_size(const AddressPool& pool, Position at, Report& report) {
  const int length = pool.base.length();
  if (pool.size >= length && pool.size - length <= kMostBits) return;
  const int shortest = std::max(length, kShortestNetwork);
  const int longest = std::min(length + kMostBits, kLongestBridge);
  report.add(
      Code::kPrefixLength, at,
      "size " + std::to_string(pool.size) + " does not fit the pool " + pool.base.to_string(),
      "write { base = \"" + pool.base.to_string() + "\", size = … } with a size of " +
          std::to_string(shortest) + " to " + std::to_string(longest));
}

std::optional<model::Prefix> read_base(const Text& text, Report& report) {
  return read_network(text, "base", kShortestNetwork, kLongestBridge, report);
}

std::optional<AddressPool> read_pool_table(toml::table& table, Report& report) {
  Fields fields(table, "address_pools", kPoolKeys, report);
  AddressPool pool;
  pool.at = fields.at();
  std::optional<model::Prefix> base;
  if (fields.require("base", "base = \"10.210.0.0/16\"")) {
    if (const auto text = fields.text("base")) {
      pool.at = text->at;
      base = read_base(*text, report);
    }
  }
  Position size_at = pool.at;
  if (const auto size = fields.number("size")) {
    size_at = size->at;
    if (size->value < kShortestNetwork || size->value > kLongestBridge) {
      report.add(Code::kPrefixLength, size->at,
                 "size " + std::to_string(size->value) + " is no prefix length of a network",
                 "write a length of " + std::to_string(kShortestNetwork) + " to " +
                     std::to_string(kLongestBridge));
      base.reset();
    } else {
      pool.size = static_cast<std::uint8_t>(size->value);
    }
  }
  fields.report_unknown();
  if (!base) return std::nullopt;
  pool.base = *base;
  check_size(pool, size_at, report);
  return pool;
}

std::optional<AddressPool> read_pool(toml::node& node, Report& report) {
  if (toml::table* const table = node.as_table()) return read_pool_table(*table, report);
  const Position at = position(node.source(), report);
  if (!node.is_string()) {
    report.add(Code::kWrongType, at,
               "an address pool must be a network or a table, not " + type_name(node),
               "write " + std::string(kPoolExample));
    return std::nullopt;
  }
  const auto text = take_text(node, "address_pools", report);
  const auto base = read_base(*text, report);
  if (!base) return std::nullopt;
  AddressPool pool{*base};
  pool.at = at;
  check_size(pool, pool.at, report);
  return pool;
}

void read_pools(Fields& fields, DockerOptions& options, Report& report) {
  toml::array* const list = fields.list("address_pools", kPoolExample);
  if (list == nullptr) return;
  std::vector<AddressPool> pools;
  for (toml::node& node : *list) {
    if (auto pool = read_pool(node, report)) pools.push_back(*pool);
  }
  if (!pools.empty()) options.address_pools = std::move(pools);
}

}  // namespace

void read_docker(Fields& fields, DockerOptions& options, Report& report) {
  if (const auto mode = fields.choice<model::DaemonJsonMode>("daemon_json")) {
    options.daemon_json = mode->value;
  }
  if (auto bridge = fields.text("bridge");
      bridge && check_interface_name(*bridge, "bridge", report)) {
    options.bridge = std::move(bridge->value);
  }
  if (auto program = fields.text("program");
      program && check_program_path(*program, "program", report)) {
    options.program = std::move(program->value);
  }
  read_pools(fields, options, report);
}

void read_firewall(Fields& fields, FirewallOptions& options, Report& report) {
  if (const auto mark = fields.number("mark"); mark && check_mark(*mark, report)) {
    options.mark = static_cast<std::uint32_t>(mark->value);
  }
  if (const auto conntrack = fields.flag("conntrack")) options.conntrack = conntrack->value;
  if (const auto guard = fields.choice<Guard>("guard")) options.guard = guard->value;
}

}  // namespace overland::inventory
