#include "firewall/iptc_decoding.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>

#include "firewall/printable.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using model::Prefix;
using Test = std::function<bool(const Target&)>;

class Decoder {
 public:
  Decoder(const Snapshot& snapshot, const FirewallPolicy& desired)
      : snapshot_(snapshot), desired_(desired) {}

  FirewallPolicy run() const {
    FirewallPolicy policy;
    policy.variant = model::FirewallVariant::kLegacy;
    policy.anchor = anchor();
    policy.mark = mark();
    policy.conntrack = std::ranges::none_of(rules(Table::kRaw, kSubnetChain), [](const Rule& rule) {
      return rule.target.verdict == Verdict::kNoTrack;
    });
    policy.underlay_links = links(kInChain);
    policy.bridges = links(kOutChain);
    policy.local = list(Table::kRaw, kInChain, leads_to(kFromChain));
    policy.peer_subnets = list(Table::kRaw, kFromChain, leads_to(kSubnetChain));
    policy.peer_hosts = list(Table::kRaw, kFromChain, leads_to(kHostChain));
    policy.transit = list(Table::kRaw, kTransitChain, leads_to(kTransitToChain));
    policy.masquerades = masquerades();
    return policy;
  }

 private:
  static Test leads_to(const std::string& chain) {
    return [chain](const Target& target) { return target.chain == chain; };
  }

  /// Only the rules we understand; the others are defects.
  std::vector<Rule> rules(Table table, const std::string& chain) const {
    std::vector<Rule> known;
    const auto tables = snapshot_.tables.find(table);
    if (tables == snapshot_.tables.end()) return known;
    const auto found = tables->second.chains.find(chain);
    if (found == tables->second.chains.end()) return known;
    for (const auto& rule : found->second) {
      if (rule) known.push_back(*rule);
    }
    return known;
  }

  std::vector<Prefix> list(Table table, const std::string& chain, const Test& wanted) const {
    std::vector<Prefix> prefixes;
    for (const Rule& rule : rules(table, chain)) {
      if (!wanted(rule.target)) continue;
      if (rule.source) prefixes.push_back(*rule.source);
      if (rule.destination) prefixes.push_back(*rule.destination);
      for (const SetMatch& match : rule.sets) {
        const auto set = snapshot_.sets.find(match.name);
        if (set == snapshot_.sets.end()) continue;
        prefixes.insert(prefixes.end(), set->second.prefixes.begin(), set->second.prefixes.end());
      }
    }
    return model::aggregate(std::move(prefixes));
  }

  std::vector<std::string> links(const std::string& to) const {
    std::vector<std::string> names;
    for (const Rule& rule : rules(Table::kRaw, std::string(model::kRawChain))) {
      if (rule.target.chain == to && !rule.in.empty()) names.push_back(rule.in);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  FirewallAnchor anchor() const {
    bool docker = false;
    bool forward = false;
    const auto filter = snapshot_.tables.find(Table::kFilter);
    if (filter != snapshot_.tables.end()) {
      for (const Jump& jump : filter->second.jumps) {
        docker = docker || jump.chain == kDockerUserChain;
        forward = forward || jump.chain == "FORWARD";
      }
    }
    // kDockerNft has no encoding here; what is left of ours then is compared with the plain one.
    if (docker == forward && desired_.anchor != FirewallAnchor::kDockerNft) return desired_.anchor;
    return docker ? FirewallAnchor::kDockerUser : FirewallAnchor::kForward;
  }

  std::uint32_t mark() const {
    for (const Rule& rule : rules(Table::kRaw, std::string(model::kRawChain))) {
      if (rule.target.verdict == Verdict::kSetMark && std::has_single_bit(rule.target.bits.mask)) {
        return rule.target.bits.mask;
      }
    }
    for (const Rule& rule : rules(Table::kFilter, std::string(model::kForwardChain))) {
      if (rule.mark && std::has_single_bit(rule.mark->mask)) return rule.mark->mask;
    }
    return std::has_single_bit(desired_.mark) ? desired_.mark : 1;
  }

  std::vector<model::Masquerade> masquerades() const {
    const auto translated = leaving(Table::kNat, std::string(model::kNatChain));
    auto found = translated;
    for (auto& entry : leaving(Table::kFilter, std::string(model::kForwardChain))) {
      const bool known = std::ranges::any_of(
          translated, [&](const model::Masquerade& one) { return one.link == entry.link; });
      if (known) continue;
      entry.translated = false;
      found.push_back(std::move(entry));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// The links and sources of the rules for what leaves.
  std::vector<model::Masquerade> leaving(Table table, const std::string& chain) const {
    std::vector<model::Masquerade> found;
    for (const Rule& rule : rules(table, chain)) {
      if (rule.out.empty() || rule.target.verdict != Verdict::kJump) continue;
      found.push_back({rule.out, list(table, rule.target.chain, leads_to(kOutsideChain))});
    }
    return found;
  }

  const Snapshot& snapshot_;
  const FirewallPolicy& desired_;
};

void compare_jumps(const std::string& where, const TableSnapshot& table, const TableRules& rules,
                   std::vector<std::string>& defects) {
  if (jumps_right(table, rules)) return;
  bool anchored = false;
  for (const Jump& jump : table.jumps) {
    const std::string stands = where + ": rule " + std::to_string(jump.position) + " of " +
                               jump.chain + " jumps to " + jump.target;
    if (jump.chain != rules.anchor || jump.target != rules.entry) {
      defects.push_back(stands + ", which does not belong there.");
    } else if (anchored) {
      defects.push_back(stands + " once more.");
    } else {
      anchored = true;
      if (jump.position != 1) defects.push_back(stands + " but has to be the first rule.");
      if (!jump.plain) defects.push_back(stands + " with conditions of somebody else.");
    }
  }
  if (!anchored) {
    defects.push_back(where + ": " + rules.anchor + " does not jump to " + rules.entry + ".");
  }
}

void compare_chain(const std::string& where, const std::vector<std::optional<Rule>>& found,
                   const Chain& wanted, std::vector<std::string>& defects) {
  const std::size_t common = std::min(found.size(), wanted.size());
  std::size_t at = 0;
  while (at < common && found[at] && *found[at] == wanted[at]) ++at;
  const std::string rule = where + ": rule " + std::to_string(at + 1);
  if (at < found.size() && !found[at]) {
    defects.push_back(rule + " is not one of ours.");
  } else if (at < common) {
    defects.push_back(rule + " is \"" + to_string(*found[at]) + "\" instead of \"" +
                      to_string(wanted[at]) + "\".");
  } else if (at < found.size()) {
    defects.push_back(rule + ", \"" + to_string(*found[at]) + "\", does not belong there.");
  } else if (at < wanted.size()) {
    defects.push_back(rule + ", \"" + to_string(wanted[at]) + "\", is missing.");
  }
}

void compare_table(Table id, const TableSnapshot& table, const TableRules& rules,
                   std::vector<std::string>& defects) {
  const std::string where = std::string("legacy ") + table_name(id);
  if (table.chains.empty() && table.jumps.empty()) {
    defects.push_back(where + ": our chains and their jump are missing.");
    return;
  }
  compare_jumps(where, table, rules, defects);
  for (const auto& [name, wanted] : rules.chains) {
    const auto found = table.chains.find(name);
    if (found == table.chains.end()) {
      defects.push_back(where + ": chain " + name + " is missing.");
    } else {
      compare_chain(where + " " + name, found->second, wanted, defects);
    }
  }
  for (const auto& [name, found] : table.chains) {
    if (!rules.chains.contains(name)) {
      defects.push_back(where + ": chain " + name + " is not needed.");
    }
  }
}

void compare_sets(const std::map<std::string, SetContents>& found, const PrefixSets& wanted,
                  std::vector<std::string>& defects) {
  for (const auto& [name, prefixes] : wanted) {
    const auto set = found.find(name);
    if (set == found.end()) {
      defects.push_back("ipset " + name + " is missing.");
    } else if (!set->second.plain) {
      defects.push_back("ipset " + name + " is not a plain hash:net of IPv4.");
    } else if (set->second.prefixes != prefixes) {
      defects.push_back("ipset " + name + " does not hold the aggregated prefixes of the rules.");
    }
  }
  for (const auto& [name, set] : found) {
    if (!wanted.contains(name)) defects.push_back("ipset " + name + " is not needed.");
  }
}

}  // namespace

bool empty(const Snapshot& snapshot) {
  return snapshot.sets.empty() && std::ranges::all_of(snapshot.tables, [](const auto& item) {
           return item.second.chains.empty() && item.second.jumps.empty();
         });
}

std::optional<model::Firewall> decode(const Snapshot& snapshot, const FirewallPolicy& desired) {
  if (empty(snapshot)) return std::nullopt;
  model::Firewall firewall;
  firewall.policy = Decoder(snapshot, desired).run();
  const Encoding wanted = encode(firewall.policy);
  for (const auto& [id, table] : wanted.tables) {
    const auto found = snapshot.tables.find(id);
    compare_table(id, found == snapshot.tables.end() ? TableSnapshot{} : found->second, table,
                  firewall.defects);
  }
  compare_sets(snapshot.sets, wanted.sets, firewall.defects);
  for (std::string& defect : firewall.defects) defect = printable(defect);
  return firewall;
}

bool jumps_right(const TableSnapshot& table, const TableRules& rules) {
  return table.jumps == std::vector<Jump>{{rules.anchor, 1, rules.entry, true}};
}

bool chain_equals(const std::vector<std::optional<Rule>>& found, const Chain& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](const auto& left, const Rule& right) { return left && *left == right; });
}

}  // namespace overland::firewall::iptc
