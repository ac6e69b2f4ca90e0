// The hosts' ranges of macvlan and ipvlan networks, and their shims: against each other, their
// subnets, and the hosts.

#include <algorithm>
#include <set>

#include "inventory/prefix_index.h"
#include "inventory/validate.h"

namespace overland::inventory {
namespace {

const HostNetwork& part_of(const Draft& draft, const NetworkPiece& piece) {
  return (*draft.inventory.hosts[piece.host].networks)[piece.part];
}

bool all_routers_known(const Draft& draft) {
  return draft.all_hosts && std::ranges::all_of(draft.hosts, [](const HostPlaces& host) {
           return host.complete && host.router_known;
         });
}

/// Once a network.
void check_routers(const Draft& draft, const std::vector<const NetworkPiece*>& ranges,
                   Report& report) {
  if (!all_routers_known(draft)) return;
  std::vector<bool> told(draft.networks.size(), false);
  for (const NetworkPiece* piece : ranges) {
    const Network& network = draft.inventory.networks[piece->network];
    if (network.gateway != Gateway::kRouter || !in_segments_subnet(draft, piece->network) ||
        told[piece->network] || part_of(draft, *piece).gateway) {
      continue;
    }
    told[piece->network] = true;
    report.add(Code::kNoGatewayRouter, draft.networks[piece->network].gateway,
               "gateway is the router, and " + segment_label(draft, *network.segment) +
                   " has none beside " + label(draft, piece->host),
               "add a host with router = true there, write an address, or gateway = \"shim\"");
  }
}

/// macvlan keeps containers from the link below them, but for a shim. Once a network.
void check_own_gateways(const Draft& draft, const std::vector<const NetworkPiece*>& ranges,
                        Report& report) {
  std::vector<bool> told(draft.networks.size(), false);
  for (const NetworkPiece* piece : ranges) {
    const auto& address = draft.networks[piece->network].gateway_address;
    const auto& own = draft.inventory.hosts[piece->host].addresses;
    if (!address || draft.inventory.networks[piece->network].shim || told[piece->network] ||
        std::ranges::find(own, *address, &HostAddress::address) == own.end()) {
      continue;
    }
    told[piece->network] = true;
    report.add(Code::kGatewayOutside, draft.networks[piece->network].gateway,
               "gateway " + address->to_string() + " is " + label(draft, piece->host) +
                   " itself, which its own macvlan containers do not reach",
               "add shim = true, or name another router");
  }
}

void check_range(const Draft& draft, const NetworkPiece& piece, Report& report) {
  const NetworkPlaces& places = draft.networks[piece.network];
  if (places.base_prefix || places.subnet->contains(piece.prefix)) return;
  report.add(Code::kRangeOutside, piece.at,
             "the range of " + label(draft, piece.host) + ", " + piece.prefix.to_string() +
                 ", lies outside " + places.subnet->to_string() + ", the subnet of " +
                 network_label(draft, piece.network),
             "choose a part of that subnet which neither a router nor DHCP gives out");
}

/// A shim given by the file, or one there was no address for.
void check_shim(const Draft& draft, const NetworkPiece& piece, Report& report) {
  const Network& network = draft.inventory.networks[piece.network];
  const HostNetwork& part = part_of(draft, piece);
  if (!network.shim) return;
  if (!part.shim) {
    report.add(Code::kShimAddress, piece.at,
               piece.prefix.to_string() + " has no address left for the shim of " +
                   label(draft, piece.host),
               "widen the range, or reserve less of it");
    return;
  }
  if (!piece.shim_at) return;
  const bool router =
      network.gateway != Gateway::kShim && !network.is_routed_ipvlan() && part.gateway == part.shim;
  std::string fault;
  if (!piece.prefix.contains(*part.shim)) fault = "is not in its range " + piece.prefix.to_string();
  if (part.subnet.has_edge(*part.shim)) fault = "is an edge of " + part.subnet.to_string();
  if (router) fault = "is the gateway";
  if (std::ranges::binary_search(network.reserve, *part.shim)) fault = "stands in reserve";
  if (fault.empty()) return;
  report.add(
      Code::kShimAddress, *piece.shim_at,
      "the shim of " + label(draft, piece.host) + ", " + part.shim->to_string() + ", " + fault,
      "write a free address of " + piece.prefix.to_string() + ", or shim = true");
}

/// `ranges` by prefix. Reported at the later in the file, once for each pair of places.
void check_range_overlaps(const Draft& draft, std::vector<const NetworkPiece*> ranges,
                          Report& report) {
  std::ranges::sort(ranges, [](const NetworkPiece* a, const NetworkPiece* b) {
    return a->prefix != b->prefix ? a->prefix < b->prefix : a->at < b->at;
  });
  std::set<std::pair<Position, Position>> told;
  std::vector<const NetworkPiece*> open;
  for (const NetworkPiece* piece : ranges) {
    while (!open.empty() && !open.back()->prefix.contains(piece->prefix)) open.pop_back();
    if (!open.empty()) {
      const NetworkPiece* earlier =
          std::min(open.back(), piece, [](auto* a, auto* b) { return a->at < b->at; });
      const NetworkPiece* later = earlier == piece ? open.back() : piece;
      if (told.emplace(earlier->at, later->at).second) {
        const auto show = [&](const NetworkPiece& one) {
          return "the range of " + label(draft, one.host) + " in " +
                 network_label(draft, one.network) + ", " + one.prefix.to_string();
        };
        report.add(Code::kRangeOverlap, later->at,
                   show(*later) + ", overlaps " + show(*earlier) + in_line(draft, earlier->at),
                   "give each host's containers addresses of their own");
      }
    }
    open.push_back(piece);
  }
}

void check_addresses_in_ranges(const Draft& draft, const std::vector<const NetworkPiece*>& ranges,
                               Report& report) {
  std::vector<std::pair<model::Prefix, std::size_t>> entries;
  for (std::size_t i = 0; i < ranges.size(); ++i) entries.emplace_back(ranges[i]->prefix, i);
  const PrefixIndex index(std::move(entries));
  for (std::size_t i = 0; i < draft.hosts.size(); ++i) {
    const auto& addresses = draft.inventory.hosts[i].addresses;
    for (std::size_t j = 0; j < addresses.size(); ++j) {
      const auto found = index.find(addresses[j].address);
      if (!found || addresses[j].segment == kNoSegment) continue;
      const NetworkPiece& piece = *ranges[*found];
      const bool shim = draft.inventory.networks[piece.network].gateway == Gateway::kShim;
      if (!shim && part_of(draft, piece).gateway == addresses[j].address) continue;
      report.add(Code::kAddressInRange, draft.hosts[i].addresses[j],
                 "address " + addresses[j].address.to_string() + " lies in " +
                     piece.prefix.to_string() + ", whose addresses containers of " +
                     network_label(draft, piece.network) + " get on " + label(draft, piece.host) +
                     in_line(draft, piece.at),
                 "move the range, or the host");
    }
  }
}

/// Once a network.
void warn_of_shims(const Draft& draft, const std::vector<const NetworkPiece*>& ranges,
                   Report& report) {
  std::vector<bool> told(draft.networks.size(), false);
  for (const NetworkPiece* piece : ranges) {
    const Network& network = draft.inventory.networks[piece->network];
    if (!network.shim || !network.segment || told[piece->network]) continue;
    const Segment& segment = draft.inventory.segments[*network.segment];
    const bool own = draft.inventory.hosts[piece->host].address_in(*network.segment) != nullptr;
    if (!own || !segment.subnet.overlaps(part_of(draft, *piece).subnet)) continue;
    told[piece->network] = true;
    report.add(Code::kShimInUnderlay, draft.networks[piece->network].shim,
               "the shim of " + network_label(draft, piece->network) + " is in " +
                   segment_label(draft, *network.segment) + ", in which " +
                   label(draft, piece->host) +
                   " has an address: both of its links could answer for either",
               "overland filters their ARP; remove the shim where no container needs its own host");
  }
}

}  // namespace

void check_ranges(const Draft& draft, Report& report) {
  std::vector<const NetworkPiece*> ranges;
  for (const NetworkPiece& piece : draft.pieces) {
    check_shim(draft, piece, report);
    if (!draft.networks[piece.network].subnet) continue;
    check_range(draft, piece, report);
    ranges.push_back(&piece);
  }
  if (ranges.empty()) return;
  check_routers(draft, ranges, report);
  check_own_gateways(draft, ranges, report);
  warn_of_shims(draft, ranges, report);
  check_addresses_in_ranges(draft, ranges, report);
  check_range_overlaps(draft, std::move(ranges), report);
}

}  // namespace overland::inventory
