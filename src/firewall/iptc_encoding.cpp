#include "firewall/iptc_encoding.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

using model::FirewallPolicy;
using model::Prefix;

// IFNAMSIZ of linux/if.h, without the terminating null.
constexpr std::size_t kMaxLinkName = 15;

Target jump(const std::string& chain) { return {Verdict::kJump, chain, {}}; }
Target go(const std::string& chain) { return {Verdict::kGoto, chain, {}}; }
Target simple(Verdict verdict) { return {verdict, {}, {}}; }

std::vector<std::string> links(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kMaxLinkName) {
      throw base::Error(base::ErrorKind::kInvalid, "'" + name + "' is not a name of a link");
    }
  }
  return names;
}

std::vector<Prefix> prefixes(std::vector<Prefix> list) {
  list = model::aggregate(std::move(list));
  for (const Prefix& prefix : list) {
    if (prefix.family() != model::Family::kInet4) {
      throw base::Error(base::ErrorKind::kUnsupported,
                        "legacy iptables cannot match " + prefix.to_string());
    }
  }
  return list;
}

class Encoder {
 public:
  explicit Encoder(const FirewallPolicy& policy)
      : policy_(policy),
        local_(prefixes(policy.local)),
        subnets_(prefixes(policy.peer_subnets)),
        hosts_(prefixes(policy.peer_hosts)),
        transit_(prefixes(policy.transit)) {}

  Encoding run() {
    const std::string docker = kDockerUserChain;
    tables_[Table::kRaw] = {"PREROUTING", std::string(model::kRawChain), {}};
    tables_[Table::kNat] = {"POSTROUTING", std::string(model::kNatChain), {}};
    tables_[Table::kFilter] = {
        policy_.anchor == model::FirewallAnchor::kDockerUser ? docker : "FORWARD",
        std::string(model::kForwardChain),
        {}};
    raw();
    filter_and_nat();
    return std::move(encoding_);
  }

 private:
  Chain& chain(Table table, const std::string& name) { return tables_[table].chains[name]; }

  /// Appends to `chain` what sends packets whose `field` is in `list` to `target`.
  void match(Chain& chain, const std::vector<Prefix>& list, const std::string& set, SetField field,
             const Target& target) {
    if (list.size() > kMaxRules) {
      encoding_.sets[set] = list;
      Rule rule;
      rule.sets = {{set, field}};
      rule.target = target;
      chain.push_back(std::move(rule));
      return;
    }
    for (const Prefix& prefix : list) {
      Rule rule;
      (field == SetField::kSource ? rule.source : rule.destination) = prefix;
      rule.target = target;
      chain.push_back(std::move(rule));
    }
  }

  void from_link(const std::vector<std::string>& names, const std::string& to) {
    for (const std::string& name : links(names)) {
      Rule rule = jump_to(to);
      rule.in = name;
      chain(Table::kRaw, std::string(model::kRawChain)).push_back(std::move(rule));
    }
  }

  void peers(const std::string& name, SetField field) {
    Chain& to = chain(Table::kRaw, name);
    match(to, subnets_, "overland-subnets", field, go(kSubnetChain));
    match(to, hosts_, "overland-hosts", field, go(kHostChain));
  }

  void add_final(const std::string& name, bool untracked) {
    Chain& to = chain(Table::kRaw, name);
    Rule rule;
    rule.target = {Verdict::kSetMark, {}, {policy_.mark, policy_.mark}};
    to.push_back(rule);
    rule.target = simple(Verdict::kNoTrack);
    if (untracked) to.push_back(rule);
    rule.target = simple(Verdict::kAccept);
    to.push_back(rule);
  }

  void raw() {
    Rule clear;
    clear.target = {Verdict::kSetMark, {}, {0, policy_.mark}};
    chain(Table::kRaw, std::string(model::kRawChain)).push_back(clear);
    from_link(policy_.underlay_links, kInChain);
    from_link(policy_.bridges, kOutChain);

    Chain& in = chain(Table::kRaw, kInChain);
    match(in, local_, "overland-local", SetField::kDestination, jump(kFromChain));
    peers(kFromChain, SetField::kSource);
    match(chain(Table::kRaw, kOutChain), local_, "overland-local", SetField::kSource,
          jump(kToChain));
    peers(kToChain, SetField::kDestination);
    add_final(kSubnetChain, !policy_.conntrack);
    add_final(kHostChain, false);
    if (!transit_.empty()) {
      in.push_back(jump_to(kTransitChain));
      transit();
    }
  }

  /// A router's way through. Only traffic from bridge subnet to bridge subnet goes untracked, and a
  /// transit prefix may hold more than bridge subnets.
  void transit() {
    match(chain(Table::kRaw, kTransitChain), transit_, "overland-transit", SetField::kSource,
          go(kTransitToChain));
    match(chain(Table::kRaw, kTransitToChain), transit_, "overland-transit", SetField::kDestination,
          go(kPassChain));
    if (policy_.conntrack) {
      add_final(kPassChain, false);
      return;
    }
    match(chain(Table::kRaw, kPassChain), subnets_, "overland-subnets", SetField::kSource,
          go("OVERLAND-PASS-TO"));
    Chain& pass_to = chain(Table::kRaw, "OVERLAND-PASS-TO");
    match(pass_to, subnets_, "overland-subnets", SetField::kDestination, go(kSubnetChain));
    for (const char* name : {kPassChain, "OVERLAND-PASS-TO"}) {
      Rule rest;
      rest.target = go(kHostChain);
      chain(Table::kRaw, name).push_back(rest);
    }
  }

  void filter_and_nat() {
    Rule marked;
    marked.mark = MarkBits{policy_.mark, policy_.mark};
    chain(Table::kFilter, std::string(model::kForwardChain)).push_back(marked);
    Chain& nat = chain(Table::kNat, std::string(model::kNatChain));
    // Untracked packets never come here; what is tracked then is meant to be masqueraded.
    if (policy_.conntrack) {
      match(nat, local_, "overland-local", SetField::kSource, simple(Verdict::kAccept));
      for (Rule& rule : nat) rule.mark = marked.mark;
    }
    std::size_t number = 0;
    for (const model::Masquerade& masquerade : policy_.masquerades) add(masquerade, ++number);
    if (number == 0) return;
    outside(Table::kFilter, Verdict::kAccept);
    if (std::ranges::any_of(policy_.masquerades, &model::Masquerade::translated)) {
      outside(Table::kNat, Verdict::kMasquerade);
    }
  }

  void add(const model::Masquerade& masquerade, std::size_t number) {
    const std::string link = links({masquerade.link}).front();
    const std::vector<Prefix> sources = prefixes(masquerade.sources);
    const std::string suffix = std::to_string(number);
    const std::string leaving = "OVERLAND-MASQ-" + suffix;
    const std::string back = "OVERLAND-BACK-" + suffix;
    const std::string set = "overland-masq-" + suffix;
    for (const Table table : {Table::kFilter, Table::kNat}) {
      if (table == Table::kNat && !masquerade.translated) continue;
      Rule out = jump_to(leaving);
      out.out = link;
      chain(table, tables_[table].entry).push_back(std::move(out));
      match(chain(table, leaving), sources, set, SetField::kSource, go(kOutsideChain));
    }
    Rule in = jump_to(back);
    in.in = link;
    in.replies = true;
    chain(Table::kFilter, std::string(model::kForwardChain)).push_back(std::move(in));
    match(chain(Table::kFilter, back), sources, set, SetField::kDestination,
          simple(Verdict::kAccept));
  }

  /// What is left after all prefixes of the cluster have returned.
  void outside(Table table, Verdict verdict) {
    std::vector<Prefix> cluster = local_;
    for (const auto* list : {&subnets_, &hosts_, &transit_}) {
      cluster.insert(cluster.end(), list->begin(), list->end());
    }
    Chain& to = chain(table, kOutsideChain);
    match(to, prefixes(cluster), "overland-cluster", SetField::kDestination,
          simple(Verdict::kReturn));
    Rule rest;
    rest.target = simple(verdict);
    to.push_back(rest);
  }

  const FirewallPolicy& policy_;
  std::vector<Prefix> local_;
  std::vector<Prefix> subnets_;
  std::vector<Prefix> hosts_;
  std::vector<Prefix> transit_;
  Encoding encoding_;
  std::map<Table, TableRules>& tables_ = encoding_.tables;
};

}  // namespace

Rule jump_to(const std::string& chain) {
  Rule rule;
  rule.target = jump(chain);
  return rule;
}

Encoding encode(const FirewallPolicy& policy) {
  if (!std::has_single_bit(policy.mark)) {
    throw base::Error(base::ErrorKind::kInvalid, "the firewall's mark must be exactly one bit");
  }
  if (policy.anchor == model::FirewallAnchor::kDockerNft) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "Docker's nftables backend cannot be served by legacy iptables");
  }
  return Encoder(policy).run();
}

}  // namespace overland::firewall::iptc
