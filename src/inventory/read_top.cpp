// What stands at the top of an inventory, but for the hosts and networks.

#include <cstdint>
#include <string>

#include "inventory/read_parts.h"

namespace overland::inventory {
namespace {

constexpr std::int64_t kVersion = 1;

void read_fallback(Fields& fields, Cluster& cluster, Report& report) {
  const auto chosen = fields.choice<Fallback>("fallback");
  if (!chosen) return;
  cluster.fallback = chosen->value;
  const bool absent = !fields.has("pool") && !fields.misspelt("pool");
  if (cluster.fallback != Fallback::kPool || !absent) return;
  report.add(Code::kFallbackNoPool, chosen->at, "fallback is the pool, and [cluster] has none",
             "add pool = \"192.168.0.0/16\", or write fallback = \"unreachable\"");
}

void read_bip_length(Fields& fields, Cluster& cluster, Report& report) {
  const auto length = fields.number("bip_length");
  if (!length) return;
  const std::int64_t shortest = cluster.pool ? cluster.pool->length() : kShortestNetwork;
  if (length->value >= shortest && length->value <= kLongestBridge) {
    cluster.bip_length = static_cast<std::uint8_t>(length->value);
    return;
  }
  report.add(
      Code::kPrefixLength, length->at,
      "bip_length is " + std::to_string(length->value) +
          (cluster.pool ? ", in the pool " + cluster.pool->to_string() : ""),
      "write a length of " + std::to_string(shortest) + " to " + std::to_string(kLongestBridge));
}

}  // namespace

void read_version(Fields& top, Report& report) {
  if (!top.require("version", "version = 1 as the first line")) return;
  const auto version = top.number("version");
  if (!version || version->value == kVersion) return;
  report.add(Code::kVersion, version->at,
             "version " + std::to_string(version->value) + " is not known",
             "this program reads version = 1");
}

void read_generation(Fields& top, std::optional<std::int64_t>& generation, Report& report) {
  const auto number = top.number("generation");
  if (!number) return;
  if (number->value >= 0) {
    generation = number->value;
    return;
  }
  report.add(Code::kGeneration, number->at,
             "generation " + std::to_string(number->value) + " is below 0",
             "count from 0 or 1 on, one more with each roll-out");
}

void read_cluster(Fields& top, Draft& draft, Report& report) {
  toml::table* const table = top.table("cluster");
  if (table == nullptr) return;
  Cluster& cluster = draft.inventory.cluster;
  Fields fields(*table, "[cluster]", kClusterKeys, report);
  draft.pool_said = fields.has("pool") || fields.misspelt("pool");
  if (auto name = fields.text("name");
      name && check_plain_name(*name, "the cluster's name", report)) {
    cluster.name = std::move(name->value);
  }
  if (const auto pool = fields.text("pool")) {
    cluster.pool = read_network(*pool, "pool", kShortestNetwork, kLongestBridge, report);
  }
  read_bip_length(fields, cluster, report);
  if (const auto ecmp = fields.flag("ecmp")) cluster.ecmp = ecmp->value;
  read_fallback(fields, cluster, report);
  fields.report_unknown();
}

void read_defaults(Fields& top, DockerOptions& docker, FirewallOptions& firewall, Report& report) {
  if (toml::table* const table = top.table("docker")) {
    Fields fields(*table, "[docker]", kDockerKeys, report);
    read_docker(fields, docker, report);
    fields.report_unknown();
  }
  if (toml::table* const table = top.table("firewall")) {
    Fields fields(*table, "[firewall]", kFirewallKeys, report);
    read_firewall(fields, firewall, report);
    fields.report_unknown();
  }
}

void read_segment(toml::table& table, Draft& draft, Report& report) {
  Fields fields(table, "[[segment]]", kSegmentKeys, report);
  Segment& segment = draft.inventory.segments.emplace_back();
  SegmentPlaces& places = draft.segments.emplace_back();
  segment.position = fields.at();
  places.name = places.subnet = fields.at();
  if (fields.require("name", "name = \"lan\"")) {
    auto name = fields.text("name");
    places.complete = name && check_plain_name(*name, "the segment's name", report);
    if (name) {
      places.name = name->at;
      segment.name = std::move(name->value);
    }
  } else {
    places.complete = false;
  }
  draft.all_segment_names = draft.all_segment_names && places.complete;
  std::optional<model::Prefix> subnet;
  if (fields.require("subnet", "subnet = \"10.0.0.0/24\"")) {
    if (const auto text = fields.text("subnet")) {
      places.subnet = text->at;
      subnet = read_network(*text, "subnet", kShortestNetwork, kLongestSegment, report);
    }
  }
  segment.subnet = subnet.value_or(model::Prefix());
  places.complete = places.complete && subnet.has_value();
  draft.all_subnets = draft.all_subnets && subnet.has_value();
  if (const auto vlan = fields.number("vlan")) {
    places.vlan = vlan->at;
    if (vlan->value >= 1 && vlan->value <= 4094) {  // see kSegmentKeys
      segment.vlan = static_cast<std::uint16_t>(vlan->value);
    } else {
      places.vlan_known = false;
      report.add(Code::kVlanId, vlan->at,
                 "vlan " + std::to_string(vlan->value) + " is not an 802.1Q id",
                 "write a number from 1 to 4094");
    }
  } else {
    places.vlan_known = !fields.has("vlan") && !fields.misspelt("vlan");
  }
  if (const auto trust = fields.choice<Trust>("trust")) {
    segment.trust = trust->value;
    segment.trust_said = true;
    places.trust = trust->at;
  }
  fields.report_unknown();
}

}  // namespace overland::inventory
