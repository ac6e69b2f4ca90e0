#include "firewall/trace/way.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "base/error.h"
#include "firewall/anchors.h"
#include "firewall/nft/look.h"
#include "firewall/trace/legacy_rules.h"
#include "model/ownership.h"

namespace overland::firewall::trace {
namespace {

using model::FirewallPolicy;
using model::FirewallVariant;

/// Whether nothing in iptables' own FORWARD can drop before our anchor there accepts: above it
/// stand only jumps to DOCKER-USER.
bool leads_to_us(std::vector<AnchorRule> rules) {
  std::erase_if(
      rules, [](const AnchorRule& rule) { return rule.target.starts_with(model::kChainPrefix); });
  rules.resize(place_of(kForwardSpot, rules));
  return std::ranges::all_of(
      rules, [](const AnchorRule& rule) { return rule.target == kDockerUserSpot.chain; });
}

bool is(const AnchorSpot& spot, const std::string& table, const std::string& chain) {
  return table == spot.table && chain == spot.chain;
}

/// Tables whose chains no packet goes through: pairs of family and name.
std::set<std::pair<std::uint8_t, std::string>> dormant_tables(nft::Socket& socket) {
  std::set<std::pair<std::uint8_t, std::string>> result;
  socket.dump(
      {NFT_MSG_GETTABLE, 0, {}}, [&] { result.clear(); },
      [&](std::uint8_t family, Bytes table) {
        const std::uint32_t flags = number32_of(find_attribute(table, NFTA_TABLE_FLAGS));
        if ((flags & NFT_TABLE_F_DORMANT) == 0) return;
        result.emplace(family, text_of(find_attribute(table, NFTA_TABLE_NAME)));
      });
  return result;
}

/// Whether our accepts shall stand in tables of this kind. They may stand in the other, or in both.
bool wanted_in(const FirewallPolicy& policy, FirewallVariant variant) {
  return policy.variant == variant && policy.anchor != model::FirewallAnchor::kDockerNft;
}

bool on_the_way(const nft::Hook& hook, const FirewallPolicy& policy) {
  if (hook.number == kInputHook) return policy.tunnel && hook.type == "filter";
  if (hook.number == kOutputHook) return policy.tunnel && hook.type != "nat";
  if (hook.type == "nat") return hook.number == kPostroutingHook;
  return hook.type == "filter" && (hook.number == kPreroutingHook || hook.number == kForwardHook ||
                                   hook.number == kPostroutingHook);
}

/// Of family netdev the kernel counts hooks anew.
void name_hook_at_link(nft::ChainEntry& chain) {
  if (chain.family != nft::kNetdevFamily || !chain.hook) return;
  chain.hook->number = chain.hook->number == 0 ? kIngressHook : kEgressHook;
}

bool at_link(const nft::Hook& hook) {
  return hook.number == kIngressHook || hook.number == kEgressHook;
}

/// Where a packet comes through hooks: links before all others, and again at the end.
std::uint32_t order_of(const nft::Hook& hook) {
  return hook.number == kIngressHook ? 0 : hook.number + 1;
}

class Search {
 public:
  Search(nft::Socket& socket, const FirewallPolicy& policy, const std::vector<std::string>& links)
      : socket_(socket), policy_(policy), links_(links) {}

  Way find() {
    auto chains = nft::Dump().chains(0);
    const bool anchored = std::ranges::any_of(chains, [](const nft::ChainEntry& chain) {
      return chain.family == kIpv4 && chain.table == "filter" && chain.name == kForwardSpot.target;
    });
    anchored_ = anchored || wanted_in(policy_, FirewallVariant::kNft);
    const auto dormant = dormant_tables(socket_);
    for (nft::ChainEntry& chain : chains) {
      const bool ip = chain.family == kIpv4;
      const bool known = chain.table == model::kNftTable || (ip && chain.table == "docker-bridges");
      const bool followed = ip || chain.family == kInet || chain.family == nft::kNetdevFamily;
      if (known || !followed || dormant.contains({chain.family, chain.table})) continue;
      name_hook_at_link(chain);
      add(chain);
    }
    if (const auto live = legacy::live_tables({"filter", "mangle", "nat", "raw", "security"})) {
      for (const std::string& name : *live) add_legacy(name);
    }
    std::ranges::stable_sort(way_.stops, {}, [](const Stop& stop) {
      return std::pair(order_of(stop.hook), stop.hook.priority);
    });
    return std::move(way_);
  }

 private:
  /// Reads it where it was not met yet.
  ForeignTable& table(std::uint8_t family, const std::string& name) {
    for (const auto& one : way_.tables) {
      if (one->family == family && one->name == name) return *one;
    }
    const bool anchored = anchored_ && family == kIpv4;
    way_.tables.push_back(
        std::make_unique<ForeignTable>(ForeignTable{family, name, false, anchored, {}, {}}));
    ForeignTable& fresh = *way_.tables.back();
    try {
      fresh.rules.emplace(socket_, family, name);
    } catch (const base::Error& error) {
      fresh.fault = error.what();
    }
    return fresh;
  }

  /// Asked for where somebody has a chain at another link. Members of containers' bridges are
  /// containers' own.
  const std::vector<LowerLink>& lower() {
    if (lower_) return *lower_;
    std::vector<std::string> wires = links_;
    std::erase_if(wires, [&](const std::string& link) {
      return std::ranges::find(policy_.bridges, link) != policy_.bridges.end();
    });
    return lower_.emplace(lower_links(wires));
  }

  /// Of those at links only what is asked about is read.
  void add_at_link(const nft::ChainEntry& chain) {
    Stop stop = {nullptr, chain.name, *chain.hook};
    if (std::ranges::none_of(links_, [&](const std::string& link) { return stop.at(link); })) {
      for (const LowerLink& one : lower()) {
        if (stop.at(one.name)) stop.beneath.push_back(one);
      }
      if (stop.beneath.empty()) return;
    }
    way_.stops.push_back(stop);
    way_.stops.back().table = &table(chain.family, chain.table);
  }

  void add(const nft::ChainEntry& chain) {
    if (chain.hook && at_link(*chain.hook)) return add_at_link(chain);
    if (chain.family == nft::kNetdevFamily) return;
    ForeignTable& of = table(chain.family, chain.table);
    if (!chain.hook || !on_the_way(*chain.hook, policy_)) return;
    nft::Hook hook = *chain.hook;
    bool anchored = false;
    const bool ip = chain.family == kIpv4;
    if (ip && anchored_input(chain.table, chain.name, FirewallVariant::kNft)) return;
    if (of.anchored) {
      anchored = is(kPreroutingSpot, chain.table, chain.name);
      if (anchored && !policy_.tunnel) return;
      if (is(kForwardSpot, chain.table, chain.name)) {
        std::vector<AnchorRule> rules;
        for (const nft::RuleEntry& rule : dump_.rules(chain.table, chain.name)) {
          rules.push_back(nft::as_anchor_rule(rule, {policy_.mark}));
        }
        if (leads_to_us(std::move(rules))) return;
        hook.policy_drop = false;  // our anchor comes before it
      }
    }
    way_.stops.push_back({&of, chain.name, hook, anchored});
  }

  /// Our anchor at INPUT is its first rule, or will be.
  [[nodiscard]] bool anchored_input(const std::string& of, const std::string& chain,
                                    FirewallVariant variant) const {
    return policy_.tunnel && policy_.variant == variant && is(kInputSpot, of, chain);
  }

  void add_legacy(const std::string& name) {
    struct Place {
      const char* table;
      const char* chain;
      nft::Hook hook;
    };
    // Priorities: linux/netfilter_ipv4.h.
    static const std::array<Place, 14> kPlaces = {
        Place{"raw", "PREROUTING", {"filter", kPreroutingHook, -300}},
        Place{"mangle", "PREROUTING", {"filter", kPreroutingHook, -150}},
        Place{"mangle", "INPUT", {"filter", kInputHook, -150}},
        Place{"filter", "INPUT", {"filter", kInputHook, 0}},
        Place{"security", "INPUT", {"filter", kInputHook, 50}},
        Place{"mangle", "FORWARD", {"filter", kForwardHook, -150}},
        Place{"filter", "FORWARD", {"filter", kForwardHook, 0}},
        Place{"security", "FORWARD", {"filter", kForwardHook, 50}},
        Place{"raw", "OUTPUT", {"filter", kOutputHook, -300}},
        Place{"mangle", "OUTPUT", {"route", kOutputHook, -150}},
        Place{"filter", "OUTPUT", {"filter", kOutputHook, 0}},
        Place{"security", "OUTPUT", {"filter", kOutputHook, 50}},
        Place{"mangle", "POSTROUTING", {"filter", kPostroutingHook, -150}},
        Place{"nat", "POSTROUTING", {"nat", kPostroutingHook, 100}}};
    auto entry = std::make_unique<ForeignTable>(ForeignTable{kIpv4, name, true, false, {}, {}});
    try {
      const legacy::Table read(name);
      entry->rules.emplace(legacy_rules(read));
      const bool anchored = wanted_in(policy_, FirewallVariant::kLegacy) ||
                            read.has(kForwardSpot.target) || read.has(kPreroutingSpot.target);
      entry->anchored = anchored;
      for (const Place& place : kPlaces) {
        if (name != place.table || !on_the_way(place.hook, policy_)) continue;
        if (anchored_input(name, place.chain, FirewallVariant::kLegacy)) continue;
        const bool forward = is(kForwardSpot, name, place.chain);
        const bool first = anchored && is(kPreroutingSpot, name, place.chain);
        if (first && !policy_.tunnel) continue;
        nft::Hook hook = place.hook;
        // Whoever looks at variants tells of FORWARD's own policy.
        hook.policy_drop = !forward && hook.type != "nat" && read.drops(place.chain);
        if (anchored && forward) {
          const auto rules = read.rules(place.chain);
          if (leads_to_us({rules.begin(), rules.end()})) continue;
        }
        way_.stops.push_back({entry.get(), place.chain, hook, first});
      }
    } catch (const base::Error& error) {
      entry->fault = error.what();
    }
    way_.tables.push_back(std::move(entry));
  }

  nft::Socket& socket_;
  const FirewallPolicy& policy_;
  const std::vector<std::string>& links_;
  nft::Dump dump_;
  bool anchored_ = false;  // in iptables-nft's tables
  std::optional<std::vector<LowerLink>> lower_;
  Way way_;
};

}  // namespace

bool Stop::at(const std::string& link) const {
  if (link.empty()) return false;
  return std::ranges::any_of(hook.devices, [&](const std::string& device) {
    if (!device.ends_with('*')) return device == link;
    return std::string_view(link).starts_with(
        std::string_view(device).substr(0, device.size() - 1));
  });
}

const LowerLink* Stop::under(const std::string& link) const {
  const auto found = std::ranges::find(beneath, link, &LowerLink::of);
  return found == beneath.end() ? nullptr : &*found;
}

Way find_way(nft::Socket& socket, const FirewallPolicy& policy,
             const std::vector<std::string>& links) {
  return Search(socket, policy, links).find();
}

}  // namespace overland::firewall::trace
