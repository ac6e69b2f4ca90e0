#include "firewall/host_firewall.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "firewall/forward_policy.h"
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
  return {std::move(nft.table), std::move(nft.anchors), make_legacy_anchors(deadline, options),
          cut_flows};
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

HostFirewall::HostFirewall(base::Deadline& deadline, const HostFirewallOptions& options)
    : HostFirewall(deadline, options, kernels_parts(deadline, options.iptc)) {}

HostFirewall::HostFirewall(base::Deadline& deadline, HostFirewallOptions options,
                           FirewallParts parts)
    : deadline_(deadline), options_(std::move(options)), parts_(std::move(parts)) {}

Anchors& HostFirewall::anchors(FirewallVariant variant) const {
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
  clues.configured_backend = docker.configured_backend;
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
  docker_in_both_ = nft && nft->docker_chains && legacy && legacy->docker_chains;
  facts.stands = nft && nft->ours;
  facts.guarded = (nft && nft->guarded) || (legacy && legacy->guarded);
  facts.direct_drop = nft && nft->direct_drop;
  if (nft && nft->forward_drops) facts.forward_drops.push_back(FirewallVariant::kNft);
  legacy_forward_drops_ = legacy && legacy->forward_drops;
  if (legacy_forward_drops_) facts.forward_drops.push_back(FirewallVariant::kLegacy);
  const auto& own = facts.variant == FirewallVariant::kLegacy ? legacy : nft;
  facts.docker_user_cut =
      docker.running && facts.variant && !facts.docker_nft_backend && own && !own->docker_user;
  facts.docker_tables_gone =
      docker.running && facts.docker_nft_backend && nft && !nft->docker_backend;
  facts.both_variants =
      legacy && parts_.legacy->foreign_rules() && nft && nft->usable && parts_.nft->foreign_rules();
  facts.unknown = std::move(findings);
  return facts;
}

std::vector<model::Finding> HostFirewall::droppers(const model::FirewallPolicy& desired) {
  auto found = trace::ask_droppers(desired, options_.trace, deadline_);
  if (!flows_fault_.empty()) {
    found.push_back({model::Severity::kUntold, "firewall",
                     "established flows of what is no longer trusted may go on: " + flows_fault_,
                     "end them where they are, or see conntrack(8)"});
  }
  if (legacy_forward_drops_ && !docker_in_both_ && desired.variant == FirewallVariant::kNft) {
    found.push_back({model::Severity::kConflict, "firewall",
                     "the policy DROP of chain FORWARD in the legacy table filter drops traffic "
                     "between hosts; Docker uses the nf_tables variant here",
                     "iptables-legacy -P FORWARD ACCEPT"});
  }
  return found;
}

std::optional<AnchorsFound> HostFirewall::look_at_others(FirewallVariant others,
                                                         const Places& wanted, std::uint32_t mark) {
  try {
    return if_supported([&] { return anchors(others).look(wanted, mark); });
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kPrivilege) throw;
    return std::nullopt;
  }
}

std::optional<model::Firewall> HostFirewall::read(const model::FirewallPolicy& desired) {
  auto found = if_supported([&] { return parts_.table->read(desired); });
  auto closed = if_supported([&] { return parts_.table->closed(); });
  const Uncut uncut = if_supported([&] { return parts_.table->uncut(); });
  const std::uint32_t mark = found ? found->policy.mark : desired.mark;
  // A table that is there says itself whether the anchor of a tunnel belongs to it.
  const Places wanted = {desired.anchor, (found ? found->policy : desired).tunnel.has_value()};
  const AnchorsFound own =
      if_supported([&] { return anchors(desired.variant).look(wanted, mark); });
  const FirewallVariant others = other(desired.variant);
  const Places left_wanted = docker_in_both_ ? wanted : model::FirewallAnchor::kDockerNft;
  const AnchorsFound left = look_at_others(others, left_wanted, mark).value_or(AnchorsFound());
  if (!found && !own.any && !left.any) return std::nullopt;
  const auto marked = [&](const AnchorsFound& in, FirewallVariant variant) {
    const bool known = std::ranges::find(closed, variant) != closed.end();
    if (in.closed && !known) closed.push_back(variant);
  };
  marked(own, desired.variant);
  marked(left, others);
  if (!found) {
    found.emplace();
    found->policy.mark = desired.mark;
    found->policy.conntrack = desired.conntrack;
    found->defects.emplace_back("table ip overland is missing");
  }
  if (!uncut.none()) {
    found->defects.emplace_back("flows of what is no longer trusted were not ended");
  }
  const AnchorsFound& in_force = own.any || !left.any || docker_in_both_ ? own : left;
  found->policy.variant = &in_force == &own ? desired.variant : others;
  found->policy.anchor = in_force.anchor;
  found->defects.insert(found->defects.end(), in_force.defects.begin(), in_force.defects.end());
  add_forward_policy(*found, desired, closed, own);
  if (docker_in_both_) {
    found->defects.insert(found->defects.end(), left.defects.begin(), left.defects.end());
  } else if (own.any && left.any) {
    found->defects.emplace_back(others == FirewallVariant::kLegacy
                                    ? "rules of ours are left in the legacy tables"
                                    : "rules of ours are left in the nf_tables variant");
  }
  return found;
}

void HostFirewall::put_anchors(const model::FirewallPolicy& to, const Marks& marks) {
  anchors(to.variant).put(places_of(to), marks);
  if (docker_in_both_) anchors(other(to.variant)).put(places_of(to), marks);
}

void HostFirewall::remove_others(FirewallVariant others) {
  try {
    if_supported([&] { anchors(others).remove(); });
    if_supported([&] { anchors(others).remove_sets(); });
  } catch (const base::Error&) {
    // What cannot even be read is told by facts(), and is no fault of this step.
    if (look_at_others(others, model::FirewallAnchor::kDockerNft, 0)) throw;
  }
}

std::vector<FirewallVariant> HostFirewall::closed() {
  auto result = if_supported([&] { return parts_.table->closed(); });
  for (const auto variant : {FirewallVariant::kNft, FirewallVariant::kLegacy}) {
    const auto found = look_at_others(variant, model::FirewallAnchor::kDockerNft, 0);
    const bool known = std::ranges::find(result, variant) != result.end();
    if (found && found->closed && !known) result.push_back(variant);
  }
  return result;
}

void HostFirewall::put_guard(std::optional<FirewallVariant> forward_policy,
                             const std::vector<FirewallVariant>& ours) {
  put_forward_policy(
      *parts_.table, [&](FirewallVariant variant) -> Anchors& { return anchors(variant); },
      forward_policy, ours);
}

void HostFirewall::remove_all(const model::FirewallPolicy& from,
                              const std::vector<FirewallVariant>& lifts) {
  const FirewallVariant in_force = from.variant;
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
  // The policy first: between it and the anchors nothing of the cluster is dropped.
  if (from.guard == model::FirewallGuard::kForwardPolicy) {
    attempt([&] {
      auto ours = closed();
      ours.insert(ours.end(), lifts.begin(), lifts.end());
      put_guard(std::nullopt, ours);
    });
  }
  const bool gone = attempt([&] { anchors(in_force).remove(); });
  attempt([&] { anchors(other(in_force)).remove(); });
  if (gone) attempt([&] { parts_.table->remove(); });
  attempt([&] { parts_.legacy->remove_sets(); });
  if (failed) throw base::Error(*failed);
}

std::vector<std::string> HostFirewall::remnants() {
  auto all = if_supported([&] { return parts_.nft->remnants(); });
  auto more = if_supported([&] { return parts_.legacy->remnants(); });
  std::ranges::move(more, std::back_inserter(all));
  return all;
}

bool HostFirewall::guards_links() {
  return if_supported([&] { return parts_.table->guards_links(); });
}

void HostFirewall::apply(const plan::FirewallStep& step) {
  if (!step.to) {
    remove_all(step.from ? *step.from : model::FirewallPolicy(), step.lifts);
    return;
  }
  if (const std::string why = refusal_of(kernel_release()); !why.empty()) {
    throw base::Error(base::ErrorKind::kUnsupported, why);
  }
  const model::FirewallPolicy& to = *step.to;
  const Uncut left = parts_.table->uncut();
  const LostTrust lost = step.from ? lost_trust(before_cut(*step.from, left), to) : LostTrust();
  // While the mark changes both are accepted, or what carries one would be lost in between.
  const auto closed_before = closed();  // what follows may take a memory of it away
  const bool changes = step.from && step.from->mark != 0 && step.from->mark != to.mark;
  if (changes) put_anchors(to, {step.from->mark, to.mark});
  // The anchor at INPUT goes before what keeps other marks from it.
  if (!changes && step.from && step.from->tunnel && !to.tunnel) put_anchors(to, {to.mark});
  if (lost.any) parts_.table->remember_uncut(uncut(lost));
  parts_.table->write(to);
  put_anchors(to, {to.mark});
  if (!docker_in_both_) remove_others(other(to.variant));
  const bool drops = to.guard == model::FirewallGuard::kForwardPolicy;
  put_guard(drops ? std::optional(to.variant) : std::nullopt, closed_before);
  if (to.variant == FirewallVariant::kLegacy) parts_.legacy->remove_sets();
  flows_fault_.clear();
  if (lost.any || !left.none()) end_flows(lost);
}

void HostFirewall::end_flows(const LostTrust& lost) {
  try {
    if (lost.any) parts_.cut_flows(lost, deadline_);
  } catch (const base::Error& error) {
    flows_fault_ = error.what();
    // A later run can what this one could not, unless the kernel cannot at all.
    if (error.kind() != base::ErrorKind::kUnsupported) return;
  }
  parts_.table->remember_uncut({});
}

}  // namespace overland::firewall
