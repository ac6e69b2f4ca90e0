#pragma once
// The readers of single sections, shared between the files that read TOML.

#include <cstdint>
#include <map>
#include <optional>

#include "inventory/draft.h"
#include "inventory/fields.h"

namespace overland::inventory {

/// Segments by name, as indexes into Inventory::segments.
using SegmentIndex = std::map<std::string, std::size_t, std::less<>>;

/// Sets what is given, and leaves the rest as it is.
void read_docker(Fields& fields, DockerOptions& options, Report& report);
void read_firewall(Fields& fields, FirewallOptions& options, Report& report);

/// One [[network]] to the end of `draft`, whose segments stand already.
void read_docker_network(toml::table& table, const SegmentIndex& segments, Draft& draft,
                         Report& report);

/// The nearest of `segments` for a remedy, in quotes; empty where none is near.
std::string suggest_segment(std::string_view name, const SegmentIndex& segments);

/// One [[host]] to the end of `draft`, whose segments stand already.
void read_host(toml::table& table, const DockerOptions& docker, const FirewallOptions& firewall,
               const SegmentIndex& segments, Draft& draft, Report& report);

/// The rest of the top level.
void read_version(Fields& top, Report& report);
void read_generation(Fields& top, std::optional<std::int64_t>& generation, Report& report);
void read_cluster(Fields& top, Draft& draft, Report& report);
/// Of [tunnel].
void read_tunnel(Fields& top, Draft& draft, Report& report);
/// Of [docker] and [firewall].
void read_defaults(Fields& top, DockerOptions& docker, FirewallOptions& firewall, Report& report);
/// One [[segment]] to the end of `draft`.
void read_segment(toml::table& table, Draft& draft, Report& report);

}  // namespace overland::inventory
