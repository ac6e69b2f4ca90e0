#include "firewall/host_firewall.h"

#include <sys/utsname.h>

#include <cstdint>
#include <utility>

#include "firewall/nft/wing.h"
#include "firewall/variant.h"

namespace overland::firewall {
namespace {

using model::FirewallVariant;

FirewallVariant other(FirewallVariant variant) {
  return variant == FirewallVariant::kNft ? FirewallVariant::kLegacy : FirewallVariant::kNft;
}

FirewallParts kernels_parts(base::Deadline& deadline, const IptcOptions& options) {
  nft::Wing nft = nft::make_wing();
  return {std::move(nft.table), std::move(nft.anchors), make_legacy_anchors(deadline, options)};
}

std::string kernel_release() {
  utsname name = {};
  return ::uname(&name) == 0 ? name.release : "";
}

/// What `look` gives; a default and a finding where it fails. Lack of privilege is nobody's fault
/// but the caller's, and stays an error.
template <typename Look>
auto looked(Look look, const char* what, std::vector<model::Finding>& findings) {
  try {
    return std::optional(look());
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kPrivilege) throw;
    findings.push_back({model::Severity::kUnknown, "firewall",
                        std::string(what) + " could not be looked at: " + error.what(), ""});
    return decltype(std::optional(look()))();
  }
}

/// A kernel that lacks something holds nothing of ours in it.
template <typename Ask>
auto if_supported(Ask ask) -> decltype(ask()) {
  try {
    return ask();
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUnsupported) throw;
    return decltype(ask())();
  }
}

}  // namespace

HostFirewall::HostFirewall(base::Deadline& deadline, HostFirewallOptions options)
    : HostFirewall(deadline, options, kernels_parts(deadline, options.iptc)) {}

HostFirewall::HostFirewall(base::Deadline& deadline, HostFirewallOptions options,
                           FirewallParts parts)
    : deadline_(deadline), options_(std::move(options)), parts_(std::move(parts)) {}

Anchors& HostFirewall::anchors(FirewallVariant variant) {
  return variant == FirewallVariant::kNft ? *parts_.nft : *parts_.legacy;
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
  const auto nft = looked([&] { return parts_.nft->glance(); }, "nf_tables", findings);
  const auto legacy =
      looked([&] { return parts_.legacy->glance(); }, "the legacy tables", findings);
  VariantClues clues;
  clues.forced = options_.variant;
  clues.kernel = kernel_release();
  clues.docker_backend = docker.firewall_backend;
  clues.nft = nft;
  clues.legacy = legacy;
  // The program is asked only where the tables leave it open.
  if ((nft && nft->docker_chains) == (legacy && legacy->docker_chains)) {
    clues.iptables_version =
        looked([&] { return iptables(); }, "which tables iptables writes", findings);
  } else {
    clues.iptables_version = "";
  }
  model::FirewallFacts facts = choose_variant(clues);
  legacy_forward_drops_ = legacy && legacy->forward_drops;
  const auto& own = facts.variant == FirewallVariant::kLegacy ? legacy : nft;
  facts.docker_user_cut =
      docker.running && facts.variant && !facts.docker_nft_backend && own && !own->docker_user;
  facts.both_variants =
      legacy && parts_.legacy->foreign_rules() && nft && nft->usable && parts_.nft->foreign_rules();
  facts.unknown = std::move(findings);
  return facts;
}

std::vector<model::Finding> HostFirewall::droppers(const model::FirewallPolicy& desired) {
  auto found = trace::ask_droppers(desired, options_.trace, deadline_);
  if (legacy_forward_drops_ && desired.variant == FirewallVariant::kNft) {
    found.push_back({model::Severity::kConflict, "firewall",
                     "the policy DROP of chain FORWARD in the legacy table filter drops traffic "
                     "between hosts; Docker uses the nf_tables variant here",
                     "iptables-legacy -P FORWARD ACCEPT"});
  }
  return found;
}

std::optional<AnchorsFound> HostFirewall::look_at_others(FirewallVariant others,
                                                         std::uint32_t mark) {
  try {
    return if_supported(
        [&] { return anchors(others).look(model::FirewallAnchor::kDockerNft, mark); });
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kPrivilege) throw;
    return std::nullopt;
  }
}

std::optional<model::Firewall> HostFirewall::read(const model::FirewallPolicy& desired) {
  auto found = if_supported([&] { return parts_.table->read(desired); });
  const std::uint32_t mark = found ? found->policy.mark : desired.mark;
  const AnchorsFound own =
      if_supported([&] { return anchors(desired.variant).look(desired.anchor, mark); });
  const FirewallVariant others = other(desired.variant);
  const AnchorsFound left = look_at_others(others, mark).value_or(AnchorsFound());
  if (!found && !own.any && !left.any) return std::nullopt;
  if (!found) {
    found.emplace();
    found->policy.mark = desired.mark;
    found->policy.conntrack = desired.conntrack;
    found->defects.emplace_back("table ip overland is missing");
  }
  const AnchorsFound& in_force = own.any || !left.any ? own : left;
  found->policy.variant = &in_force == &own ? desired.variant : others;
  found->policy.anchor = in_force.anchor;
  found->defects.insert(found->defects.end(), in_force.defects.begin(), in_force.defects.end());
  if (own.any && left.any) {
    found->defects.emplace_back(others == FirewallVariant::kLegacy
                                    ? "rules of ours are left in the legacy tables"
                                    : "rules of ours are left in the nf_tables variant");
  }
  return found;
}

void HostFirewall::remove_others(FirewallVariant others) {
  try {
    if_supported([&] { anchors(others).remove(); });
  } catch (const base::Error&) {
    // What cannot even be read is told by facts(), and is no fault of this step.
    if (look_at_others(others, 0)) throw;
  }
}

void HostFirewall::remove_all(FirewallVariant in_force) {
  std::optional<base::Error> failed;
  const auto attempt = [&](auto remove) {
    try {
      if_supported(remove);
      return true;
    } catch (const base::Error& error) {
      if (!failed) failed = error;
      return false;
    }
  };
  const bool gone = attempt([&] { anchors(in_force).remove(); });
  attempt([&] { anchors(other(in_force)).remove(); });
  if (gone) attempt([&] { parts_.table->remove(); });
  if (failed) throw base::Error(*failed);
}

void HostFirewall::apply(const plan::FirewallStep& step) {
  if (!step.to) {
    remove_all(step.from ? step.from->variant : FirewallVariant::kNft);
    return;
  }
  if (const std::string why = refusal_of(kernel_release()); !why.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported, why);
  }
  const model::FirewallPolicy& to = *step.to;
  // While the mark changes both are accepted, or what carries one would be lost in between.
  const bool changes = step.from && step.from->mark != 0 && step.from->mark != to.mark;
  if (changes) anchors(to.variant).put(to.anchor, {step.from->mark, to.mark});
  parts_.table->write(to);
  anchors(to.variant).put(to.anchor, {to.mark});
  remove_others(other(to.variant));
}

}  // namespace overland::firewall
