// What a tunnel may bring, as rules and sets: no kernel.

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "firewall/nft/compare_table.h"
#include "firewall/nft/tunnel.h"
#include "firewall/nft/write_table.h"
#include "unit/states.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;
using tests::addr;
using tests::net;

FirewallPolicy tunnelled() {
  FirewallPolicy policy = tests::two_hosts_policy();
  policy.tunnel =
      model::Tunnel{"vxlan.ovl",
                    111,
                    4789,
                    {{addr("10.2.0.12"), {net("192.168.200.0/24")}},
                     {addr("10.2.0.13"), {net("192.168.210.0/24"), net("192.168.211.64/26")}}}};
  return policy;
}

std::vector<std::string> lines(const FirewallPolicy& from, const FirewallPolicy& to) {
  std::vector<std::string> result;
  for (const auto& commands : commands_for(encode_table(from), to, WriteMode::kDelta)) {
    for (const Command& command : commands) result.push_back(to_string(command));
  }
  return result;
}

TEST(NftTunnel, IsReadAsItIsWritten) {
  FirewallPolicy other = tunnelled();
  other.tunnel->vni = 16777215;
  other.tunnel->port = 65535;
  other.tunnel->link = "vxlan.other";
  FirewallPolicy nobody = tunnelled();
  nobody.tunnel->senders.clear();
  FirewallPolicy old_kernel = tunnelled();
  old_kernel.stops_forgers = false;
  for (const FirewallPolicy& policy :
       {tunnelled(), other, nobody, old_kernel, tests::two_hosts_policy()}) {
    const Table table = encode_table(policy);
    EXPECT_TRUE(decode_policy(table, policy) == policy);
    EXPECT_THAT(find_defects(table, policy), IsEmpty());
    EXPECT_THAT(lines(policy, policy), IsEmpty());
  }
}

TEST(NftTunnel, APeerIsAnElementOfTheSetOfItsLength) {
  const Table table = encode_table(tunnelled());
  EXPECT_THAT(table.elements.pairs.at("tunnelled-24"),
              ElementsAre(Pair{0x0a02000c, {0xc0a8c800, 0xc0a8c8ff}},
                          Pair{0x0a02000d, {0xc0a8d200, 0xc0a8d2ff}}));
  EXPECT_THAT(table.elements.pairs.at("tunnelled-26"),
              ElementsAre(Pair{0x0a02000d, {0xc0a8d340, 0xc0a8d37f}}));
  FirewallPolicy wanted = tunnelled();
  wanted.tunnel->senders[0].inner = {net("192.168.201.0/24")};
  EXPECT_THAT(lines(tunnelled(), wanted), ElementsAre("delete element ip overland tunnelled-24",
                                                      "add element ip overland tunnelled-24"));
}

TEST(NftTunnel, AnotherVniOrPortChangesRulesAlone) {
  FirewallPolicy wanted = tunnelled();
  wanted.tunnel->vni = 112;
  wanted.tunnel->port = 4790;
  const auto commands = lines(tunnelled(), wanted);
  EXPECT_THAT(commands, Each(testing::AnyOf(StartsWith("flush chain ip overland "),
                                            StartsWith("add rule ip overland "))));
  EXPECT_THAT(commands, IsSupersetOf({"flush chain ip overland outer-asked",
                                      "flush chain ip overland trusted-in"}));
  EXPECT_THAT(commands, Not(Contains("flush chain ip overland outer-known")));
}

// Each more costs every packet of the host.
TEST(NftTunnel, TakesNoChainMoreWhereOneOfOursIsAsked) {
  const auto hooks = [](const FirewallPolicy& policy) {
    std::multiset<std::string> result;
    for (const Chain& chain : encode_table(policy).chains) {
      if (chain.hook == "prerouting" || chain.hook == "forward") result.insert(chain.hook);
    }
    return result;
  };
  FirewallPolicy without = tunnelled();
  without.tunnel.reset();
  ASSERT_TRUE(without.stops_forgers);
  EXPECT_EQ(hooks(tunnelled()), hooks(without));
}

TEST(NftTunnel, ChainsOfAnEarlierVersionGoInPlace) {
  Table earlier = encode_table(tunnelled());
  for (const char* name : {"inner-in", "outer-in"}) {
    earlier.chains.push_back({name, "filter", "prerouting", -311, "accept", {}});
  }
  EXPECT_TRUE(decode_policy(earlier, tunnelled()) == tunnelled());
  EXPECT_FALSE(find_defects(earlier, tunnelled()).empty());
  std::vector<std::string> commands;
  for (const auto& some : commands_for(earlier, tunnelled(), WriteMode::kDelta)) {
    for (const Command& command : some) commands.push_back(to_string(command));
  }
  EXPECT_THAT(
      commands,
      ElementsAre("flush chain ip overland inner-in", "flush chain ip overland outer-in",
                  "delete chain ip overland inner-in", "delete chain ip overland outer-in"));
}

TEST(NftTunnel, WhatIsTakenFromItsRulesIsADefect) {
  for (const Chain& of : encode_table(tunnelled()).chains) {
    for (std::size_t i = 0; i < of.rules.size(); ++i) {
      Table table = encode_table(tunnelled());
      for (Chain& chain : table.chains) {
        if (chain.name == of.name) {
          chain.rules.erase(chain.rules.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      const FirewallPolicy found = decode_policy(table, tunnelled());
      EXPECT_FALSE(found == tunnelled() && find_defects(table, found).empty())
          << of.name << " without rule " << i;
    }
  }
}

TEST(NftTunnel, DropsLast) {
  const Chain* known = nullptr;
  const Table table = encode_table(tunnelled());
  known = table.chain("outer-known");
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->rules.back(), (Statements{Action::kCounter, Verdict{Verdict::kDrop}}));
  for (std::size_t i = 0; i + 1 < known->rules.size(); ++i) {
    const auto& rule = known->rules[i];
    if (rule.back() != Statement(Verdict{Verdict::kAccept})) continue;
    EXPECT_EQ(std::get<Match>(rule[0]).field, Field::kInnerKind);
    EXPECT_EQ(std::get<Match>(rule[1]).field, Field::kTunnelled);
  }
}

}  // namespace
}  // namespace overland::firewall::nft
