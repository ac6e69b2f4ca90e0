#include "firewall/nft_look.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/error.h"
#include "firewall/nft_table.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_IPV4 of linux/netfilter.h

bool has_chain(const NftLook& look, std::string_view table, std::string_view name) {
  return std::any_of(look.chains.begin(), look.chains.end(), [&](const NftChainEntry& chain) {
    return chain.family == kIpv4 && chain.table == table && chain.name == name;
  });
}

bool ours(std::string_view chain) {
  return chain == model::kForwardChain || chain == model::kRawChain;
}

bool leads_to_docker_user(NftDump& dump) {
  const auto rules = dump.rules("filter", "FORWARD");
  return std::any_of(rules.begin(), rules.end(),
                     [](const NftRuleEntry& rule) { return rule.jump == "DOCKER-USER"; });
}

/// A DOCKER-USER that only we have made says nothing about Docker.
bool docker_uses_filter(const NftLook& look) {
  if (!has_chain(look, "filter", "DOCKER-USER")) return false;
  return look.docker_user_reached ||
         !has_chain(look, model::kNftTable, std::string(kMadePrefix) + "filter-DOCKER-USER");
}

}  // namespace

NftLook look_at_nft() {
  NftLook look;
  try {
    NftDump dump;
    look.chains = dump.chains(0);
    look.usable = true;
    look.docker_user_reached = leads_to_docker_user(dump);
    look.docker_chains = docker_uses_filter(look);
  } catch (const base::Error& error) {
    // Not an error here: this is the question.
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
  look.docker_backend =
      std::any_of(look.chains.begin(), look.chains.end(), [](const NftChainEntry& chain) {
        return chain.family == kIpv4 && chain.table == "docker-bridges";
      });
  return look;
}

bool nft_has_foreign_rules(const NftLook& look) {
  constexpr std::array<std::string_view, 5> kTables = {"filter", "nat", "raw", "mangle",
                                                       "security"};
  NftDump dump;
  for (const NftChainEntry& chain : look.chains) {
    const bool iptables = chain.family == kIpv4 &&
                          std::find(kTables.begin(), kTables.end(), chain.table) != kTables.end();
    if (!iptables || ours(chain.name)) continue;
    const auto rules = dump.rules(chain.table, chain.name);
    if (std::any_of(rules.begin(), rules.end(),
                    [](const NftRuleEntry& rule) { return !ours(rule.jump); })) {
      return true;
    }
  }
  return false;
}

}  // namespace overland::firewall
