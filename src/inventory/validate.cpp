#include "inventory/validate.h"

#include "inventory/read.h"

namespace overland::inventory {

std::string label(const Draft& draft, std::size_t host) {
  const Host& found = draft.inventory.hosts[host];
  if (!found.name.empty()) return "host " + found.name;
  return "the host in line " + std::to_string(found.position.line);
}

std::string segment_label(const Draft& draft, std::size_t segment) {
  const Segment& found = draft.inventory.segments[segment];
  if (!found.name.empty()) return "segment " + printable(found.name);
  return "the segment in line " + std::to_string(found.position.line);
}

void validate(Draft& draft, Report& report) {
  check_names(draft, report);
  check_addresses(draft, report);
  check_subnets(draft, report);
  check_links(draft, report);
  check_topology(draft, report);
}

Loaded parse(const std::string& text) {
  Report report;
  Draft draft = read(text, report);
  if (draft.readable) validate(draft, report);
  Loaded result;
  if (!report.has_errors()) result.inventory = std::move(draft.inventory);
  result.diagnostics = report.take();
  return result;
}

std::vector<model::Prefix> Host::bridge_subnets() const {
  std::vector<model::Prefix> result;
  if (bip) result.push_back(bip->prefix());
  // A bip may change within its subnet; that is still one subnet.
  if (previous_bip && (!bip || previous_bip->prefix() != bip->prefix())) {
    result.push_back(previous_bip->prefix());
  }
  return result;
}

const model::Address* Host::address_in(std::size_t segment) const {
  for (const HostAddress& address : addresses) {
    if (address.segment == segment) return &address.address;
  }
  return nullptr;
}

}  // namespace overland::inventory
