#include "inventory/validate.h"

#include "inventory/read.h"

namespace overland::inventory {

std::string label(const Draft& draft, std::size_t host) {
  const Host& found = draft.inventory.hosts[host];
  if (!found.name.empty()) return "host " + found.name;
  return "the host in " + draft.places.line(found.position);
}

std::string in_line(const Draft& draft, Position at) { return " (" + draft.places.line(at) + ")"; }

std::string segment_label(const Draft& draft, std::size_t segment) {
  const Segment& found = draft.inventory.segments[segment];
  if (!found.name.empty()) return "segment " + printable(found.name);
  return "the segment in " + draft.places.line(found.position);
}

std::string network_label(const Draft& draft, std::size_t network) {
  const Network& found = draft.inventory.networks[network];
  if (!found.name.empty()) return "network " + found.name;
  return "the network in " + draft.places.line(found.position);
}

bool in_segments_subnet(const Draft& draft, std::size_t network) {
  const auto& segment = draft.inventory.networks[network].segment;
  return segment && draft.inventory.segments[*segment].subnet == draft.networks[network].subnet;
}

void validate(Draft& draft, Report& report) {
  find_segments(draft);
  resolve_networks(draft, report);
  resolve_tunnel(draft, report);
  check_names(draft, report);
  check_addresses(draft, report);
  check_subnets(draft, report);
  check_networks(draft, report);
  check_ranges(draft, report);
  check_links(draft, report);
  check_network_links(draft, report);
  check_parents(draft, report);
  check_topology(draft, report);
  check_tunnel(draft, report);
}

namespace {

Loaded parse(const Sources& sources, bool (Report::*faulty)() const) {
  Report report;
  Draft draft = read(sources, report);
  if (draft.readable) validate(draft, report);
  Loaded result;
  if (!(report.*faulty)()) result.inventory = std::move(draft.inventory);
  result.diagnostics = report.take();
  for (Diagnostic& fault : result.diagnostics) {
    const Place place = draft.places.locate(fault.position);
    fault.position = place.position;
    fault.fragment = draft.places.name(place.document);
  }
  return result;
}

}  // namespace

Loaded parse(const Sources& sources) { return parse(sources, &Report::has_errors); }

Loaded parse(const std::string& text) { return parse(Sources{text}); }

Loaded parse_to_assign(const Sources& sources) { return parse(sources, &Report::has_other_errors); }

std::vector<model::Prefix> Host::bridge_subnets() const {
  std::vector<model::Prefix> result;
  if (bip) result.push_back(bip->prefix());
  // A bip may change within its subnet; that is still one subnet.
  if (previous_bip && (!bip || previous_bip->prefix() != bip->prefix())) {
    result.push_back(previous_bip->prefix());
  }
  if (networks) {
    for (const HostNetwork& network : *networks) {
      if (network.routed) result.push_back(*network.routed);
    }
  }
  if (held) result.insert(result.end(), held->begin(), held->end());
  return result;
}

const model::Address* Host::address_in(std::size_t segment) const {
  for (const HostAddress& address : addresses) {
    if (address.segment == segment) return &address.address;
  }
  return nullptr;
}

}  // namespace overland::inventory
