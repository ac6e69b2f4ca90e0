#pragma once
// Where packets reach a host on one segment while its route to their sender leaves by another. With
// strict rp_filter the kernel drops such packets (ip-sysctl.rst, RFC 3704). Pure.

#include <cstddef>
#include <vector>

#include "inventory/inventory.h"

namespace overland::desired {

struct Asymmetry {
  std::size_t in = 0;            // index of the segment they arrive in
  model::Prefix source;          // the sender's bridge subnet, or its own address
  std::vector<std::size_t> out;  // segments the host's routes to it leave by; sorted

  auto operator<=>(const Asymmetry&) const = default;
};

/// Sorted. Senders with addresses in the same segments behave alike: one of them stands for all,
/// and with many segments only what concerns different sets of them is compared. Counts traffic to
/// the host and its containers, and on a router what it forwards between Docker hosts.
std::vector<Asymmetry> asymmetries(const inventory::Inventory& inventory,
                                   const inventory::Host& host);

}  // namespace overland::desired
