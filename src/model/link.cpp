#include "model/link.h"

#include <algorithm>

namespace overland::model {
namespace {

InterfaceAddress first_ipv4(const LinkFacts& link) {
  for (const auto& one : link.addresses) {
    if (one.address.family() == Family::kInet4) return one;
  }
  return {};
}

}  // namespace

std::vector<Link> our_links(const std::vector<LinkFacts>& links) {
  std::vector<Link> result;
  for (const auto& link : links) {
    if (!link.ours) continue;
    const bool follows = std::any_of(links.begin(), links.end(), [&](const auto& one) {
      return one.name == link.parent && one.mtu == link.mtu;
    });
    result.push_back(
        {link.name, link.parent, link.vlan, first_ipv4(link), link.up, follows, link.ipvlan});
  }
  return result;
}

}  // namespace overland::model
