#include "model/link.h"

#include <algorithm>

namespace overland::model {
namespace {

bool is_ipv4(const InterfaceAddress& one) { return one.address.family() == Family::kInet4; }

InterfaceAddress first_ipv4(const LinkFacts& link) {
  const auto first = std::find_if(link.addresses.begin(), link.addresses.end(), is_ipv4);
  return first == link.addresses.end() ? InterfaceAddress() : *first;
}

/// What leaves by a tunnel has the one address we gave it: a second one is nobody's wish.
std::optional<Vxlan> tunnel_of(const LinkFacts& link) {
  auto tunnel = link.vxlan;
  const auto addresses = std::count_if(link.addresses.begin(), link.addresses.end(), is_ipv4);
  if (tunnel && addresses > 1) tunnel->as_we_make_it = false;
  return tunnel;
}

}  // namespace

Mac tunnel_mac(const Address& outer) {
  const auto last = outer.bytes().last<4>();
  return {0x02, 0x6f, last[0], last[1], last[2], last[3]};
}

std::vector<Link> our_links(const std::vector<LinkFacts>& links) {
  std::vector<Link> result;
  for (const auto& link : links) {
    if (!link.ours) continue;
    const bool follows =
        link.vxlan || std::any_of(links.begin(), links.end(), [&](const auto& one) {
          return one.name == link.parent && one.mtu == link.mtu;
        });
    result.push_back({link.name, link.parent, link.vlan, first_ipv4(link), link.up, follows,
                      link.ipvlan, tunnel_of(link)});
  }
  return result;
}

}  // namespace overland::model
