#include "firewall/trace/by_form.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <variant>

#include "firewall/anchors.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/rule.h"

namespace overland::firewall::trace {
namespace {

using model::Finding;
using model::FirewallPolicy;
using model::Severity;

nft::Statements decoded(Bytes expressions) {
  return nft::decode_rule(expressions, [](const std::string& /*set*/) { return std::nullopt; });
}

template <typename Info>
Info info_of(Bytes data, std::uint16_t attribute) {
  const Bytes bytes = find_attribute(data, attribute);
  Info info = {};
  std::memcpy(&info, bytes.data(), std::min(bytes.size(), sizeof info));
  return info;
}

std::uint32_t extension_mask(const std::string& name, Bytes data) {
  if (name == "match" && text_of(find_attribute(data, NFTA_MATCH_NAME)) == "mark") {
    return info_of<xt_mark_mtinfo1>(data, NFTA_MATCH_INFO).mask;
  }
  if (name != "target") return 0;
  const std::string target = text_of(find_attribute(data, NFTA_TARGET_NAME));
  if (target == "MARK") {
    const auto info = info_of<xt_mark_tginfo2>(data, NFTA_TARGET_INFO);
    return info.mask | info.mark;
  }
  // Of two revisions; the second has more behind these fields.
  return target == "CONNMARK" ? info_of<xt_connmark_tginfo1>(data, NFTA_TARGET_INFO).nfmask : 0;
}

std::string hex(std::uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", number);
  return text;
}

/// All rules, with table and chain.
template <typename Visit>
void for_each_rule(const Way& way, Visit visit) {
  for (const auto& table : way.tables) {
    if (!table->rules) continue;
    for (const auto& [chain, rules] : table->rules->rules()) {
      for (const TraceRule& rule : rules) visit(*table, chain, rule);
    }
  }
}

void shared_marks(const Way& way, std::uint32_t mark, std::vector<Finding>& found) {
  std::uint32_t used = mark;
  for_each_rule(way, [&](const ForeignTable&, const std::string&, const TraceRule& rule) {
    for (const std::uint32_t mask : mark_masks(rule.expressions)) used |= mask;
  });
  const std::uint32_t free = free_bit(used);
  std::set<std::pair<const ForeignTable*, std::uint32_t>> told;
  for_each_rule(
      way, [&](const ForeignTable& table, const std::string& chain, const TraceRule& rule) {
        for (const std::uint32_t mask : mark_masks(rule.expressions)) {
          if ((mask & mark) == 0 || mask == mark || !told.emplace(&table, mask).second) continue;
          found.push_back(
              {Severity::kConflict, "firewall",
               table.place_of(chain, rule.handle) + " uses the bits " + hex(mask) +
                   " of the mark, overland's " + hex(mark) +
                   " among them: each takes the other's for its own",
               free == 0 ? ""
                         : "put mark = " + hex(free) + " into this host's entry of the inventory"});
        }
      });
}

/// Empty where the rule is anything but an accept of whatever comes from there.
std::vector<nft::Range> accepted_sources(Bytes expressions) {
  std::vector<nft::Range> sources;
  bool accepts = false;
  for (const nft::Statement& statement : decoded(expressions)) {
    if (const auto* match = std::get_if<nft::Match>(&statement)) {
      const auto* ranges = std::get_if<std::vector<nft::Range>>(&match->value);
      if (match->field != nft::Field::kSource || match->negated || ranges == nullptr) return {};
      sources = *ranges;
    } else if (const auto* verdict = std::get_if<nft::Verdict>(&statement)) {
      accepts = verdict->code == nft::Verdict::kAccept;
    } else if (!std::holds_alternative<nft::Action>(statement)) {
      return {};
    }
  }
  return accepts ? sources : std::vector<nft::Range>();
}

void open_forwards(const Way& way, const FirewallPolicy& policy, std::vector<Finding>& found) {
  std::vector<model::Prefix> cluster = policy.local;
  cluster.insert(cluster.end(), policy.peer_subnets.begin(), policy.peer_subnets.end());
  cluster.insert(cluster.end(), policy.peer_hosts.begin(), policy.peer_hosts.end());
  const auto forwards = [&](const ForeignTable& table, const std::string& chain) {
    if (table.of_iptables()) return table.name == kForwardSpot.table && chain == kForwardSpot.chain;
    return std::ranges::any_of(way.stops, [&](const Stop& stop) {
      return stop.table == &table && stop.chain == chain && stop.hook.number == kForwardHook;
    });
  };
  for_each_rule(
      way, [&](const ForeignTable& table, const std::string& chain, const TraceRule& rule) {
        if (!forwards(table, chain)) return;
        const auto sources = accepted_sources(rule.expressions);
        const auto ours = nft::ranges_of(cluster);
        const bool meets = std::ranges::any_of(sources, [&](const nft::Range& from) {
          return std::ranges::any_of(ours, [&](const nft::Range& one) {
            return from.first <= one.last && one.first <= from.last;
          });
        });
        if (!meets) return;
        found.push_back({Severity::kAdvice, "firewall",
                         table.place_of(chain, rule.handle) +
                             " lets through whatever comes from there, which is more than the "
                             "inventory says",
                         "overland needs no such rule; " + table.remove(chain, rule.handle)});
      });
}

}  // namespace

std::vector<std::uint32_t> mark_masks(Bytes expressions) {
  std::vector<std::uint32_t> masks;
  for (const nft::Statement& statement : decoded(expressions)) {
    if (const auto* match = std::get_if<nft::Match>(&statement)) {
      if (match->field == nft::Field::kMark) masks.push_back(match->mask);
    } else if (const auto* change = std::get_if<nft::MarkChange>(&statement)) {
      masks.push_back(~change->kept | change->toggled);
    }
  }
  for_each_attribute(expressions, [&](const Attribute& element) {
    masks.push_back(extension_mask(text_of(find_attribute(element.data, NFTA_EXPR_NAME)),
                                   find_attribute(element.data, NFTA_EXPR_DATA)));
  });
  std::erase_if(masks, [](std::uint32_t mask) { return mask == 0 || mask == UINT32_MAX; });
  return masks;
}

std::uint32_t free_bit(std::uint32_t used) {
  // Calico and Tailscale (the upper half), kube-proxy, Cilium, the VPC plugin of AWS.
  constexpr std::uint32_t kWellKnown = 0xffff0000U | 0xc000U | 0x0f00U | 0x80U;
  for (const std::uint32_t avoided : {used | kWellKnown, used}) {
    for (std::uint32_t bit = 1U << 31U; bit != 0; bit >>= 1U) {
      if ((avoided & bit) == 0) return bit;
    }
  }
  return 0;
}

std::vector<Finding> told_by_form(const Way& way, const FirewallPolicy& policy) {
  std::vector<Finding> found;
  shared_marks(way, policy.mark, found);
  open_forwards(way, policy, found);
  return found;
}

}  // namespace overland::firewall::trace
