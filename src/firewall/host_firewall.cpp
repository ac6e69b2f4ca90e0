#include "firewall/host_firewall.h"

#include "base/error.h"
#include "firewall/droppers.h"
#include "firewall/legacy_look.h"
#include "firewall/nft_driver.h"
#include "firewall/nft_look.h"
#include "firewall/variant.h"

namespace overland::firewall {
namespace {

using model::FirewallVariant;

FirewallVariant other(FirewallVariant variant) {
  return variant == FirewallVariant::kNft ? FirewallVariant::kLegacy : FirewallVariant::kNft;
}

/// A kernel that lacks a variant holds nothing of ours in it.
std::optional<model::Firewall> read_if_supported(Driver& driver,
                                                 const model::FirewallPolicy& desired) {
  try {
    return driver.read(desired);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
    return std::nullopt;
  }
}

/// As after `iptables -F`, or with Docker's `iptables: false`: what stands in DOCKER-USER counts
/// for nothing then.
bool docker_user_cut(const model::FirewallFacts& facts, const NftLook& nft,
                     const LegacyLook& legacy) {
  if (!facts.variant || facts.docker_nft_backend) return false;
  return *facts.variant == FirewallVariant::kNft ? !nft.docker_user_reached : !legacy.docker_chains;
}

void remove_if_supported(Driver& driver) {
  try {
    driver.remove();
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
  }
}

}  // namespace

HostFirewall::HostFirewall(HostFirewallOptions options)
    : options_(std::move(options)),
      nft_(make_nft_driver()),
      iptc_(make_iptc_driver(options_.iptc)) {}

HostFirewall::HostFirewall(HostFirewallOptions options, std::unique_ptr<Driver> nft,
                           std::unique_ptr<Driver> iptc)
    : options_(std::move(options)), nft_(std::move(nft)), iptc_(std::move(iptc)) {}

Driver& HostFirewall::driver(FirewallVariant variant) {
  return variant == FirewallVariant::kNft ? *nft_ : *iptc_;
}

model::FirewallFacts HostFirewall::facts(const model::DockerFacts& docker) {
  const NftLook nft = look_at_nft();
  const LegacyLook legacy = look_at_legacy();
  VariantClues clues;
  clues.forced = options_.variant;
  clues.docker_backend = docker.firewall_backend;
  clues.nft_usable = nft.usable;
  clues.nft_docker_chains = nft.docker_chains;
  clues.nft_docker_backend = nft.docker_backend;
  clues.legacy_usable = legacy.usable;
  clues.legacy_docker_chains = legacy.docker_chains;
  // The program is asked only where the tables leave it open.
  if (nft.docker_chains == legacy.docker_chains) clues.iptables_version = iptables_version();
  model::FirewallFacts facts = choose_variant(clues);
  facts.both_variants = legacy.foreign_rules && nft.usable && nft_has_foreign_rules(nft);
  facts.docker_user_cut = docker.running && docker_user_cut(facts, nft, legacy);
  return facts;
}

std::vector<std::string> HostFirewall::droppers(const model::FirewallPolicy& desired) {
  return find_droppers(look_at_nft(), look_at_legacy(), desired);
}

std::optional<model::Firewall> HostFirewall::read(const model::FirewallPolicy& desired) {
  auto found = read_if_supported(driver(desired.variant), desired);
  auto remnants = read_if_supported(driver(other(desired.variant)), desired);
  if (!remnants) return found;
  if (!found) return remnants;
  found->defects.emplace_back(desired.variant == FirewallVariant::kNft
                                  ? "rules of ours are left in the legacy tables"
                                  : "rules of ours are left in the nf_tables variant");
  return found;
}

void HostFirewall::apply(const plan::FirewallStep& step) {
  if (step.to) {
    const FirewallVariant variant = step.to->policy.variant;
    driver(variant).write(step.from, step.to->policy);
    remove_if_supported(driver(other(variant)));
    return;
  }
  std::optional<base::Error> failed;
  for (Driver* each : {nft_.get(), iptc_.get()}) {
    try {
      remove_if_supported(*each);
    } catch (const base::Error& error) {
      if (!failed) failed = error;
    }
  }
  if (failed) throw base::Error(*failed);
}

}  // namespace overland::firewall
