#include "firewall/host_firewall.h"

#include "base/error.h"
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

model::Finding unknown(const std::string& message) {
  return {model::Severity::kUnknown, "firewall", message, ""};
}

/// What `look` gives; a default and a finding where it fails. Lack of privilege is nobody's fault
/// but the caller's, and stays an error.
template <typename Look>
auto looked(Look look, const char* what, std::vector<model::Finding>& findings) {
  try {
    return std::optional(look());
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kPrivilege) throw;
    findings.push_back(unknown(std::string(what) + " could not be looked at: " + error.what()));
    return decltype(std::optional(look()))();
  }
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

/// nullopt where that fails for another reason: facts() has looked at the same tables, and said so.
std::optional<std::optional<model::Firewall>> read_if_readable(
    Driver& driver, const model::FirewallPolicy& desired) {
  try {
    return read_if_supported(driver, desired);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kPrivilege) throw;
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

HostFirewall::HostFirewall(base::Deadline& deadline, HostFirewallOptions options)
    : HostFirewall(deadline, options, make_nft_driver(), make_iptc_driver(deadline, options.iptc)) {
}

HostFirewall::HostFirewall(base::Deadline& deadline, HostFirewallOptions options,
                           std::unique_ptr<Driver> nft, std::unique_ptr<Driver> iptc)
    : deadline_(deadline),
      options_(std::move(options)),
      nft_(std::move(nft)),
      iptc_(std::move(iptc)) {}

Driver& HostFirewall::driver(FirewallVariant variant) {
  return variant == FirewallVariant::kNft ? *nft_ : *iptc_;
}

std::string HostFirewall::iptables() {
  if (iptables_fault_) throw base::Error(*iptables_fault_);
  try {
    return iptables_version(deadline_);
  } catch (const base::Error& error) {
    iptables_fault_ = error;
    throw;
  }
}

model::FirewallFacts HostFirewall::facts(const model::DockerFacts& docker) {
  std::vector<model::Finding> findings;
  const auto nft_seen = looked(look_at_nft, "nf_tables", findings);
  const auto legacy_seen = looked(look_at_legacy, "the legacy tables", findings);
  const NftLook nft = nft_seen.value_or(NftLook());
  const LegacyLook legacy = legacy_seen.value_or(LegacyLook());
  VariantClues clues;
  clues.forced = options_.variant;
  clues.docker_backend = docker.firewall_backend;
  clues.nft_usable = nft.usable;
  clues.nft_docker_chains = nft.docker_chains;
  clues.nft_docker_backend = nft.docker_backend;
  clues.legacy_usable = legacy.usable;
  clues.legacy_docker_chains = legacy.docker_chains;
  clues.complete = nft_seen && legacy_seen;
  // The program is asked only where the tables leave it open.
  if (nft.docker_chains == legacy.docker_chains) {
    const auto version =
        looked([&] { return iptables(); }, "which tables iptables writes", findings);
    clues.iptables_version = version.value_or("");
    clues.complete = clues.complete && version;
  }
  model::FirewallFacts facts = choose_variant(clues);
  facts.both_variants = legacy.foreign_rules && nft.usable && nft_has_foreign_rules(nft);
  facts.docker_user_cut =
      docker.running && nft_seen && legacy_seen && docker_user_cut(facts, nft, legacy);
  facts.unknown = std::move(findings);
  return facts;
}

std::vector<model::Finding> HostFirewall::droppers(const model::FirewallPolicy& desired) {
  auto found = ask_droppers(desired, options_.trace, deadline_);
  std::vector<model::Finding> faults;  // facts() has looked at the same tables, and said so
  const auto legacy = looked(look_at_legacy, "the legacy tables", faults);
  if (legacy && legacy->forward_drops && desired.variant == FirewallVariant::kNft) {
    found.push_back({model::Severity::kConflict, "firewall",
                     "the policy DROP of chain FORWARD in the legacy table filter drops traffic "
                     "between hosts; Docker uses the nf_tables variant here",
                     "iptables-legacy -P FORWARD ACCEPT"});
  }
  return found;
}

std::optional<model::Firewall> HostFirewall::read(const model::FirewallPolicy& desired) {
  auto found = read_if_supported(driver(desired.variant), desired);
  auto remnants = read_if_readable(driver(other(desired.variant)), desired).value_or(std::nullopt);
  if (!remnants) return found;
  if (!found) return remnants;
  found->defects.emplace_back(desired.variant == FirewallVariant::kNft
                                  ? "rules of ours are left in the legacy tables"
                                  : "rules of ours are left in the nf_tables variant");
  return found;
}

void HostFirewall::apply(const plan::FirewallStep& step) {
  if (step.to) {
    const FirewallVariant variant = step.to->variant;
    driver(variant).write(std::nullopt, *step.to);
    try {
      remove_if_supported(driver(other(variant)));
    } catch (const base::Error&) {
      // What cannot even be read is told by facts(), and is no fault of this step.
      if (read_if_readable(driver(other(variant)), *step.to)) throw;
    }
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
