#include "desired/guard.h"

#include <algorithm>

#include "desired/sysctls.h"

namespace overland::desired {
namespace {

/// By us, in this boot, as far as is known.
bool turned_on(const inventory::Inventory& inventory, const inventory::Host& host,
               const model::HostFacts& facts) {
  if (facts.forwarding == model::Forwarding::kForeign) return false;
  if (facts.forwarding != model::Forwarding::kOff) return true;
  const auto wanted = sysctls(inventory, host, facts);
  return std::ranges::find(wanted, model::kIpForward, &model::Sysctl::key) != wanted.end();
}

}  // namespace

model::FirewallGuard guard(const inventory::Inventory& inventory, const inventory::Host& host,
                           const model::HostFacts& facts) {
  using model::FirewallGuard;
  if (host.firewall.guard == inventory::Guard::kOff) return FirewallGuard::kNone;
  const bool on = host.firewall.guard == inventory::Guard::kOn || turned_on(inventory, host, facts);
  if (!on) return FirewallGuard::kNone;
  // Docker's nftables backend asks for forwarding to be turned on beforehand, and sets no policy.
  if (facts.firewall.docker_nft_backend) {
    return facts.firewall.no_link_kinds ? FirewallGuard::kNone : FirewallGuard::kChain;
  }
  if (!facts.docker.installed) return FirewallGuard::kChain;
  const bool told = host.firewall.guard == inventory::Guard::kOn || facts.docker.drops_forwarded;
  return told ? FirewallGuard::kForwardPolicy : FirewallGuard::kNone;
}

}  // namespace overland::desired
