#include "firewall/nft/tunnel.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "firewall/nft/address_sets.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/ranges.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using model::Prefix;
using model::Tunnel;

constexpr std::string_view kList = "tunnelled";
constexpr const char* kAsked = "outer-asked";
constexpr const char* kKnown = "outer-known";
constexpr const char* kBridged = "outer-bridged";
constexpr const char* kSent = "inner-done";
constexpr const char* kInner = "inner-known";

std::string pair_set(std::uint8_t length) {
  return std::string(kList) + "-" + std::to_string(length);
}

/// Which pairs there are, by the length of their prefixes.
std::map<std::uint8_t, std::vector<Pair>> pairs_by_length(const Tunnel& tunnel) {
  std::map<std::uint8_t, std::vector<Pair>> result;
  for (const Tunnel::Sender& sender : tunnel.senders) {
    const auto add = [&](const Prefix& inner) {
      if (inner.length() == 0) return;  // nobody sends from everywhere
      result[inner.length()].push_back(
          {sender.outer.ipv4(), {inner.network().ipv4(), inner.last().ipv4()}});
    };
    if (sender.inner.size() == 1) {
      add(sender.inner.front());
    } else {
      for (const Prefix& inner : model::aggregate(sender.inner)) add(inner);
    }
  }
  for (auto& [length, pairs] : result) std::sort(pairs.begin(), pairs.end());
  return result;
}

Statements to_port(const Tunnel& tunnel) {
  return {Match{Field::kTransport, std::uint32_t{IPPROTO_UDP}},
          Match{Field::kDestinationPort, std::uint32_t{tunnel.port}}};
}

/// The beginning of rules for outer packets. Of shorter ones no rule asks further, and the tunnel
/// takes none.
Statements outer(const Tunnel& tunnel) {
  Statements result = to_port(tunnel);
  result.emplace_back(Match{Field::kVni, tunnel.vni});
  return result;
}

MarkChange clear_mark(const FirewallPolicy& policy) { return {~policy.mark, 0}; }

/// "Fragmentation needed" (RFC 1191) about what this host sends without DF: packets of the tunnel,
/// and the kernel's own echo replies, of which it believes anybody. No router says so, and one
/// that is believed makes the way to a peer, and so the tunnel, narrow for ten minutes. Quoted with
/// IP options, which neither has, they would be elsewhere.
std::vector<Statements> forged_errors(const Tunnel& tunnel) {
  constexpr std::uint32_t kFragmentationNeeded = 0x0304;
  constexpr std::uint32_t kPlainHead = 0x45;
  const Statements begin = {Match{Field::kTransport, std::uint32_t{IPPROTO_ICMP}},
                            Match{Field::kIcmpError, kFragmentationNeeded}};
  const Statements drop = {Action::kCounter, Verdict{Verdict::kDrop}};
  std::vector<Statements> rules = {{Match{Field::kQuotedHead, kPlainHead, true}},
                                   {Match{Field::kQuotedTransport, std::uint32_t{IPPROTO_ICMP}},
                                    Match{Field::kQuotedKind, std::uint32_t{0}}},
                                   {Match{Field::kQuotedTransport, std::uint32_t{IPPROTO_UDP}},
                                    Match{Field::kQuotedPort, std::uint32_t{tunnel.port}}}};
  for (Statements& rule : rules) {
    rule.insert(rule.begin(), begin.begin(), begin.end());
    rule.insert(rule.end(), drop.begin(), drop.end());
  }
  return rules;
}

/// Before filter (0), whose anchor accepts what has the mark at INPUT. Nothing else may have it
/// there: a peer's containers reach what the host's own rules let them reach.
Chain asked(const FirewallPolicy& policy) {
  Chain chain = base_chain(kAsked, "filter", "input", -10);
  chain.rules.push_back({marked(policy.mark), clear_mark(policy)});
  Statements rule = outer(*policy.tunnel);
  rule.emplace_back(Verdict{Verdict::kJump, kKnown});
  chain.rules.push_back(std::move(rule));
  for (Statements& forged : forged_errors(*policy.tunnel)) chain.rules.push_back(std::move(forged));
  return chain;
}

/// What of a packet is missing or lies elsewhere ends a rule, and what no rule lets through is
/// dropped.
Chain known(const FirewallPolicy& policy, const Lists& lists) {
  // EtherType, version: ETH_P_IP of linux/if_ether.h, 4 of RFC 791.
  constexpr std::uint32_t kIpv4Within = 0x080040;
  constexpr std::uint32_t kKindAndVersion = 0xfffff0;
  Chain chain = {kKnown, "", "", 0, "", {}};
  const Statements drop = {Action::kCounter, Verdict{Verdict::kDrop}};
  // A container of this host may send with a peer's address, and INPUT is no FORWARD (forgers.h).
  if (policy.stops_forgers) {
    Statements bridged = {Match{Field::kInKind, "bridge"}};
    for (const Group& group : lists.groups) bridged.emplace_back(negated(group.arrives()));
    bridged.emplace_back(Verdict{Verdict::kJump, kBridged});
    chain.rules.push_back(std::move(bridged));
  }
  for (const auto& [length, pairs] : pairs_by_length(*policy.tunnel)) {
    const std::uint32_t mask = UINT32_MAX << (32U - length);
    chain.rules.push_back({Match{Field::kInnerKind, kIpv4Within, false, kKindAndVersion},
                           Match{Field::kTunnelled, SetName{pair_set(length)}, false, mask},
                           Action::kCounter, set_mark(policy.mark), Verdict{Verdict::kAccept}});
  }
  chain.rules.push_back(drop);
  return chain;
}

/// Not what has its route back by that bridge: it has a wire among its members.
Chain bridged() {
  return {kBridged,
          "",
          "",
          0,
          "",
          {{Action::kFromItsOwn, Verdict{Verdict::kReturn}},
           {Action::kCounter, Verdict{Verdict::kDrop}}}};
}

/// The mark of what was let in is on what was within. A socket may hand over several packets at
/// once (UDP_SEGMENT of udp(7)); where no wire is between they come to INPUT as one, of which the
/// first VNI alone is seen, and are cut before the tunnel takes them: those behind another's VNI
/// lack the mark.
Chain inner_known(const FirewallPolicy& policy) {
  return {kInner,
          "",
          "",
          0,
          "",
          {{Match{Field::kMark, 0U, false, policy.mark}, Action::kCounter, Verdict{Verdict::kDrop}},
           {clear_mark(policy)}}};
}

/// What the tunnel itself sends has the mark of what is within: any other socket here would speak
/// as whatever container of this host it likes.
Chain outer_out(const FirewallPolicy& policy, const Lists& lists) {
  Chain chain = base_chain("outer-out", "filter", "output", -310);
  Statements tunnels = outer(*policy.tunnel);
  tunnels.insert(tunnels.begin(), marked(policy.mark));
  for (const Statement& one : {Statement(clear_mark(policy)), Statement(Action::kNotrack),
                               Statement(Verdict{Verdict::kAccept})}) {
    tunnels.push_back(one);
  }
  chain.rules.push_back(std::move(tunnels));
  // A socket may hand over several packets at once (UDP_SEGMENT of udp(7)), of which the first VNI
  // alone is seen. Tunnels of others are the kernel's, and no socket's of a user.
  Statements by_socket = to_port(*policy.tunnel);
  by_socket.emplace_back(Match{Field::kSocketUser, UINT32_MAX, true});
  for (Statements drop : {by_socket, outer(*policy.tunnel)}) {
    drop.emplace_back(Match{Field::kMark, 0U, false, policy.mark});
    drop.emplace_back(Action::kCounter);
    drop.emplace_back(Verdict{Verdict::kDrop});
    chain.rules.push_back(std::move(drop));
  }
  if (policy.local.empty()) return chain;
  for (const Match& to : among(Field::kDestination, lists.peer_subnets)) {
    Statements own = {Match{Field::kOutLink, policy.tunnel->link},
                      local_is(Field::kSource, policy.local), to};
    trust(own, policy, policy.conntrack);
    chain.rules.push_back(std::move(own));
  }
  return chain;
}

/// Behind all that asks for the mark and translates (srcnat, 100).
Chain inner_done(const FirewallPolicy& policy) {
  Chain chain = base_chain(kSent, "filter", "postrouting", 110);
  chain.rules.push_back({Match{Field::kOutLink, policy.tunnel->link}, set_mark(policy.mark)});
  Statements rule = outer(*policy.tunnel);  // what others marked: "sent-out"
  rule.insert(rule.begin(), marked(policy.mark));
  rule.emplace_back(clear_mark(policy));
  chain.rules.push_back(std::move(rule));
  return chain;
}

/// What a rule of `chain` compares `field` with; null where none does.
template <typename T>
const T* compared(const Table& table, const char* chain, Field field) {
  const Chain* found = table.chain(chain);
  if (found == nullptr) return nullptr;
  for (const Statements& rule : found->rules) {
    for (const Statement& statement : rule) {
      const auto* match = std::get_if<Match>(&statement);
      if (match == nullptr || match->field != field || match->negated) continue;
      if (const auto* value = std::get_if<T>(&match->value)) return value;
    }
  }
  return nullptr;
}

/// Of ten thousand peers at each look: none is aggregated that has one prefix.
std::vector<Tunnel::Sender> senders_in(const Table& table) {
  std::vector<std::pair<std::uint32_t, Prefix>> all;
  for (const auto& [set, pairs] : table.elements.pairs) {
    const auto length = length_of(set);
    if (!length) continue;  // none of ours, which is a defect
    all.reserve(all.size() + pairs.size());
    for (const Pair& one : pairs) {
      all.emplace_back(one.outer, Prefix(model::Address::from_ipv4(one.inner.first), *length));
    }
  }
  if (table.elements.pairs.size() > 1) std::sort(all.begin(), all.end());
  std::vector<Tunnel::Sender> senders;
  for (const auto& [outer, inner] : all) {
    const auto address = model::Address::from_ipv4(outer);
    if (senders.empty() || senders.back().outer != address) senders.push_back({address, {}});
    senders.back().inner.push_back(inner);
  }
  for (Tunnel::Sender& one : senders) {
    if (one.inner.size() > 1) one.inner = model::aggregate(std::move(one.inner));
  }
  return senders;
}

}  // namespace

std::vector<Chain> tunnel_chains(const FirewallPolicy& policy, const Lists& lists) {
  if (!policy.tunnel) return {};
  std::vector<Chain> chains = {asked(policy), known(policy, lists), inner_known(policy),
                               outer_out(policy, lists), inner_done(policy)};
  if (policy.stops_forgers) chains.push_back(bridged());
  return chains;
}

std::vector<Statements> by_tunnel(const FirewallPolicy& policy) {
  if (!policy.tunnel) return {};
  return {{Match{Field::kInLink, policy.tunnel->link}, Verdict{Verdict::kJump, kInner}}};
}

/// Those a router passes on to others are not for this host, and somebody may translate them.
std::vector<Statements> around_tunnelled(const FirewallPolicy& policy) {
  if (!policy.tunnel) return {};
  Statements rule = outer(*policy.tunnel);
  rule.emplace_back(Action::kForThisHost);
  rule.emplace_back(Action::kNotrack);
  return {std::move(rule)};
}

/// As a socket of this host a container would speak, whose address Docker translates. Whatever VNI
/// is seen: as in "outer-out".
std::vector<Statements> tunnels_in_bridges(const FirewallPolicy& policy, const Lists& lists) {
  if (!policy.tunnel) return {};
  Statements drop = to_port(*policy.tunnel);
  drop.emplace_back(Match{Field::kInKind, "bridge"});
  for (const Group& group : lists.groups) drop.emplace_back(negated(group.arrives()));
  drop.emplace_back(Action::kCounter);
  drop.emplace_back(Verdict{Verdict::kDrop});
  return {std::move(drop)};
}

void add_tunnel_sets(Table& table, const FirewallPolicy& policy) {
  if (!policy.tunnel) return;
  for (auto& [length, pairs] : pairs_by_length(*policy.tunnel)) {
    table.sets.push_back({pair_set(length), kPairType, false});
    table.elements.pairs[pair_set(length)] = std::move(pairs);
  }
}

bool is_of_pairs(std::string_view set) { return length_of(set) && list_of(set) == kList; }

std::optional<Tunnel> tunnel_in(const Table& table) {
  if (table.chain(kAsked) == nullptr && table.elements.pairs.empty()) return std::nullopt;
  Tunnel tunnel;
  if (const auto* link = compared<std::string>(table, kSent, Field::kOutLink)) tunnel.link = *link;
  if (const auto* vni = compared<std::uint32_t>(table, kAsked, Field::kVni)) tunnel.vni = *vni;
  if (const auto* port = compared<std::uint32_t>(table, kAsked, Field::kDestinationPort)) {
    tunnel.port = static_cast<std::uint16_t>(*port);
  }
  tunnel.senders = senders_in(table);
  return tunnel;
}

}  // namespace overland::firewall::nft
