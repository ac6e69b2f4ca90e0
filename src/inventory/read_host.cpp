// One [[host]] of the file.

#include <cstdint>

#include "inventory/read_parts.h"
#include "inventory/suggest.h"

namespace overland::inventory {
namespace {

// Comparing every wrong name with every segment must not take long in any file.
constexpr std::size_t kMostSuggested = 1000;

void read_addresses(Fields& fields, Host& host, HostPlaces& places, Report& report) {
  if (!fields.require("address", "address = \"10.0.0.200\"")) {
    places.complete = false;
    return;
  }
  for (const Text& text : fields.texts("address", places.complete)) {
    const auto address = read_address(text, "address", report);
    if (!address) {
      places.complete = false;
      continue;
    }
    host.addresses.push_back({*address, kNoSegment});
    places.addresses.push_back(text.at);
  }
}

void read_bips(Fields& fields, Host& host, HostPlaces& places, Report& report) {
  if (const auto bip = fields.text("bip")) {
    places.bip = bip->at;
    host.auto_bip = bip->value == "auto";
    if (!host.auto_bip) host.bip = read_bip(*bip, "bip", report);
  }
  const auto previous = fields.text("previous_bip");
  if (!previous) return;
  places.previous_bip = previous->at;
  host.previous_bip = read_bip(*previous, "previous_bip", report);
  if (fields.misspelt("bip")) return;
  if (!fields.has("bip")) {
    report.add(Code::kPreviousBipAlone, previous->at, "previous_bip stands without bip",
               "add the new bip, or remove previous_bip");
  } else if (host.bip && host.previous_bip && *host.bip == *host.previous_bip) {
    report.add(Code::kPreviousBipEqual, previous->at,
               "previous_bip is the same as bip, " + host.bip->to_string(),
               "remove previous_bip when the change is done");
  }
}

void read_masquerade(Fields& fields, const SegmentIndex& segments, bool all_names, Host& host,
                     HostPlaces& places, Report& report) {
  bool complete = true;
  for (const Text& text : fields.texts("masquerade", complete)) {
    const auto found = segments.find(text.value);
    if (found != segments.end()) {
      host.masquerade.push_back(found->second);
      places.masquerade.push_back(text.at);
      continue;
    }
    if (!all_names) continue;  // it may name one whose name could not be read
    const std::string meant = suggest_segment(text.value, segments);
    report.add(Code::kMasqueradeUnknown, text.at,
               "masquerade names " + quote(text.value) + ", which is no segment",
               meant.empty() ? "write the name of a [[segment]] this router has an address in"
                             : "did you mean " + meant + "?");
  }
}

/// Where the address could not be read, or one of the others, nothing is known to be wrong.
void read_tunnel_address(Fields& fields, Host& host, HostPlaces& places, Report& report) {
  const auto text = fields.text("tunnel_address");
  if (!text) return;
  const auto address = read_address(*text, "tunnel_address", report);
  if (!address) return;
  places.tunnel_address = text->at;
  for (std::size_t i = 0; i < host.addresses.size(); ++i) {
    if (host.addresses[i].address != *address) continue;
    host.tunnel_end = static_cast<std::uint16_t>(i);
    return;
  }
  if (!places.complete) return;
  report.add(Code::kTunnelAddress, text->at,
             "tunnel_address " + address->to_string() + " is none of the host's own addresses",
             "write one that `address` has, or remove it: the first one is used then");
}

/// The overrides of one section: in a sub-table, or flat among the host's own keys.
template <typename Options>
void read_overrides(Fields& fields, std::string_view section, std::string_view label,
                    std::span<const Key> keys, void (*read_section)(Fields&, Options&, Report&),
                    Options& options, Report& report) {
  if (toml::table* const table = fields.table(section)) {
    Fields nested(*table, label, keys, report);
    for (const std::string_view key : names_of(keys)) {
      if (!nested.has(key) || !fields.has(key)) continue;
      report.add(Code::kGivenTwice, fields.key_at(key),
                 std::string(key) + " is given here and in " + std::string(label) + " (" +
                     report.line(nested.key_at(key)) + ")",
                 "keep one of the two");
    }
    read_section(nested, options, report);
    nested.report_unknown();
  }
  read_section(fields, options, report);
}

void read_slot(Fields& fields, Host& host, HostPlaces& places, Report& report) {
  const auto slot = fields.number("slot");
  places.slot_known = slot ? false : !fields.has("slot") && !fields.misspelt("slot");
  if (!slot) return;
  places.slot = slot->at;
  if (slot->value >= 0 && slot->value <= kLargestSlot) {
    host.slot = static_cast<std::uint32_t>(slot->value);
    places.slot_known = true;
    return;
  }
  report.add(Code::kSlot, slot->at, "slot " + std::to_string(slot->value) + " is out of range",
             "count hosts from 0 on");
}

}  // namespace

std::string suggest_segment(std::string_view name, const SegmentIndex& segments) {
  std::vector<std::string_view> names;
  if (segments.size() <= kMostSuggested) {
    for (const auto& [known, index] : segments) names.emplace_back(known);
  }
  const std::string_view meant = nearest(name, names);
  return meant.empty() ? "" : quote(meant);
}

void read_host(toml::table& table, const DockerOptions& docker, const FirewallOptions& firewall,
               const SegmentIndex& segments, Draft& draft, Report& report) {
  Fields fields(table, "[[host]]", all_host_keys(), report);
  Host& host = draft.inventory.hosts.emplace_back();
  HostPlaces& places = draft.hosts.emplace_back();
  host.position = fields.at();
  host.docker = docker;
  host.firewall = firewall;
  places.name = fields.at();
  if (fields.require("name", "name = \"docker-200\"")) {
    if (auto name = fields.text("name"); name && check_host_name(*name, report)) {
      places.name = name->at;
      host.name = std::move(name->value);
    }
  }
  if (const auto router = fields.flag("router")) {
    places.router = router->at;
    host.router = router->value;
  } else {
    places.router_known = !fields.has("router") && !fields.misspelt("router");
  }
  read_slot(fields, host, places, report);
  read_addresses(fields, host, places, report);
  read_bips(fields, host, places, report);
  if (auto parent = fields.text("parent");
      parent && check_interface_name(*parent, "parent", report)) {
    places.parent = parent->at;
    host.parent = std::move(parent->value);
  }
  read_masquerade(fields, segments, draft.all_segment_names, host, places, report);
  read_tunnel_address(fields, host, places, report);
  if (const auto mode = fields.choice<RpFilter>("rp_filter")) host.rp_filter = mode->value;
  read_overrides(fields, "docker", "[host.docker]", kDockerKeys, &read_docker, host.docker, report);
  read_overrides(fields, "firewall", "[host.firewall]", kFirewallKeys, &read_firewall,
                 host.firewall, report);
  fields.report_unknown();
}

}  // namespace overland::inventory
