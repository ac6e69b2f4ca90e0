// What would be done to our table, from states made up here: no kernel.

#include <gmock/gmock.h>

#include "base/error.h"
#include "firewall/nft/compare_table.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/write_table.h"
#include "links.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallPolicy;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

FirewallPolicy policy() {
  FirewallPolicy result;
  result.mark = 0x200000;
  result.bridges = {"docker0"};
  result.ingress = tests::on_links({"eth0"});
  result.local = {model::Prefix::parse("192.168.100.0/24").value()};
  result.peer_subnets = {model::Prefix::parse("192.168.200.0/24").value()};
  result.peer_hosts = {model::Prefix::parse("10.0.0.201/32").value()};
  return result;
}

model::Prefix prefix(const char* text) { return model::Prefix::parse(text).value(); }

/// A router between eth0 and eth1 with a way out by eth2, where nobody is.
FirewallPolicy router() {
  FirewallPolicy result = policy();
  result.peer_subnets = {prefix("192.168.200.0/24"), prefix("192.168.210.0/24")};
  result.peer_hosts = {prefix("10.0.0.201/32"), prefix("10.1.0.210/32")};
  result.transit = {prefix("10.0.0.0/24"), prefix("10.1.0.0/24"), prefix("192.168.200.0/24"),
                    prefix("192.168.210.0/24")};
  const std::vector<model::Prefix> none;
  result.ingress = {
      {"eth0", std::vector{prefix("192.168.200.0/24")}, std::vector{prefix("10.0.0.201/32")},
       std::vector{prefix("10.0.0.0/24"), prefix("192.168.200.0/24")}},
      {"eth1", std::vector{prefix("192.168.210.0/24")}, std::nullopt,
       std::vector{prefix("10.1.0.0/24"), prefix("192.168.210.0/24")}},
      {"eth2", none, none, none}};
  result.masquerades = {{"eth2", {prefix("10.0.0.0/24"), prefix("192.168.200.0/24")}}};
  return result;
}

std::vector<std::string> names_of_sets(const FirewallPolicy& of) {
  std::vector<std::string> names;
  for (const Set& set : encode_table(of).sets) names.push_back(set.name);
  return names;
}

/// Each command as nft(8) has it, with elements.
std::vector<std::string> lines(const std::vector<Command>& commands) {
  std::vector<std::string> result;
  for (const Command& command : commands) {
    std::string line = to_string(command);
    if (const auto* members = std::get_if<Members>(&command.object)) {
      for (const auto& prefix : prefixes_of(members->ranges)) line += " " + prefix.to_string();
      for (const std::string& name : members->names) line += " " + name;
    }
    result.push_back(std::move(line));
  }
  return result;
}

std::vector<std::string> lines(const std::vector<std::vector<Command>>& transactions) {
  std::vector<std::string> result;
  for (const auto& commands : transactions) {
    const auto some = lines(commands);
    result.insert(result.end(), some.begin(), some.end());
  }
  return result;
}

TEST(NftTableCommands, AreNoneWhereAllIsAsWanted) {
  EXPECT_THAT(commands_for(encode_table(policy()), policy(), WriteMode::kDelta), IsEmpty());
  EXPECT_THAT(find_defects(encode_table(policy()), policy()), IsEmpty());
  EXPECT_TRUE(decode_policy(encode_table(policy()), policy()) == policy());
}

TEST(NftTableCommands, ChangeOnlyElementsWhereOnlyListsDiffer) {
  FirewallPolicy wanted = policy();
  wanted.peer_hosts = {model::Prefix::parse("10.0.0.202/32").value()};
  EXPECT_THAT(lines(commands_for(encode_table(policy()), wanted, WriteMode::kDelta)),
              ElementsAre("delete element ip overland peer-hosts 10.0.0.201/32",
                          "add element ip overland peer-hosts 10.0.0.202/32"));
}

TEST(NftTableCommands, ChangeOnlyElementsWhereALinksListGrows) {
  FirewallPolicy wanted = router();
  wanted.peer_subnets.push_back(prefix("192.168.220.0/24"));
  wanted.ingress[1].subnets->push_back(prefix("192.168.220.0/24"));
  EXPECT_THAT(lines(commands_for(encode_table(router()), wanted, WriteMode::kDelta)),
              ElementsAre("add element ip overland from-2-subnets 192.168.220.0/24",
                          "add element ip overland peer-subnets 192.168.220.0/24"));
}

TEST(NftTable, KeepsNothingTwiceWhereEveryLinkBelievesEverybody) {
  FirewallPolicy both = policy();
  both.ingress = tests::on_links({"eth0", "eth1"});
  EXPECT_THAT(names_of_sets(both),
              ElementsAre("bridges", "local", "peer-hosts", "peer-subnets", "transit", "underlay"));
  EXPECT_TRUE(decode_policy(encode_table(both), both) == both);
}

TEST(NftTable, LinksWithEqualListsShareTheirSets) {
  FirewallPolicy both = router();
  both.ingress.insert(both.ingress.begin() + 1, both.ingress[0]);
  both.ingress[1].link = "eth0.1";
  EXPECT_EQ(names_of_sets(both), names_of_sets(router()));
  EXPECT_THAT(encode_table(both).elements.names.at("links-1"), ElementsAre("eth0", "eth0.1"));
  EXPECT_TRUE(decode_policy(encode_table(both), both) == both);
}

TEST(NftTable, ALinkThatBelievesNobodyIsAskedNothingAndReadBackAllTheSame) {
  const Table table = encode_table(router());
  EXPECT_THAT(find_defects(table, router()), IsEmpty());
  EXPECT_TRUE(decode_policy(table, router()) == router());
  for (const char* chain : {"trusted-in", "believed"}) {
    for (const Statements& rule : table.chain(chain)->rules) {
      EXPECT_THAT(rule, Not(Contains(Statement(Match{Field::kInLink, "eth2"})))) << chain;
    }
  }
}

TEST(NftTable, OfAVersionThatBoundNobodyReadsAsEveryLinkBelievingEverybody) {
  FirewallPolicy unbound = router();
  unbound.ingress = tests::on_links({"eth0", "eth1", "eth2"});
  Table old = encode_table(unbound);
  std::erase_if(old.chains, [](const Chain& chain) {
    return chain.name != "trusted-in" && chain.name != "keep-source" &&
           chain.name != "masquerade" && chain.name != "masqueraded";
  });
  EXPECT_EQ(old.elements.names.at("underlay"), (std::vector<std::string>{"eth0", "eth1", "eth2"}));
  EXPECT_TRUE(decode_policy(old, router()) == unbound);
  EXPECT_FALSE(commands_for(old, router(), WriteMode::kDelta).empty());
}

TEST(NftTableCommands, RewriteOneChainWhereItsRulesDiffer) {
  Table found = encode_table(policy());
  for (Chain& chain : found.chains) {
    if (chain.name == "keep-source") std::swap(chain.rules[0], chain.rules[1]);
  }
  EXPECT_THAT(
      find_defects(found, policy()),
      ElementsAre("chain keep-source of table ip overland has its rules in the wrong order"));
  const auto commands = lines(commands_for(found, policy(), WriteMode::kDelta));
  ASSERT_EQ(commands.size(), 3U);
  EXPECT_THAT(commands[0], "flush chain ip overland keep-source");
  EXPECT_THAT(commands, Not(Contains(HasSubstr("trusted-in"))));
}

TEST(NftTableCommands, FillNewSetsBeforeRulesAskThem) {
  FirewallPolicy unbound = policy();
  unbound.ingress = tests::on_links({"eth0", "eth1"});
  FirewallPolicy bound = unbound;
  bound.ingress[0].subnets = {prefix("192.168.210.0/24")};
  const auto transactions = commands_for(encode_table(unbound), bound, WriteMode::kDelta);
  ASSERT_EQ(transactions.size(), 2U);
  EXPECT_THAT(lines(transactions[0]),
              ElementsAre("add set ip overland from-1-subnets", "add set ip overland links-1",
                          "add element ip overland from-1-subnets 192.168.210.0/24",
                          "add element ip overland links-1 eth0"));
  const auto back = commands_for(encode_table(bound), unbound, WriteMode::kDelta);
  ASSERT_EQ(back.size(), 1U) << "nothing is to be filled";
  EXPECT_THAT(lines(back[0]), Contains("delete set ip overland from-1-subnets"));
  for (const auto& commands : {transactions[0], transactions[1], back[0]}) {
    EXPECT_THAT(lines(commands), Not(Contains("delete table ip overland")));
  }
}

TEST(NftTableCommands, KeepTheMemoryOfWhatWasMade) {
  Table found = encode_table(policy());
  found.made = {"made-filter", "made-filter-DOCKER-USER"};
  EXPECT_THAT(lines(commands_for(found, policy(), WriteMode::kWhole)),
              IsSupersetOf({"add chain ip overland made-filter",
                            "add chain ip overland made-filter-DOCKER-USER"}));
}

TEST(NftTableCommands, RefuseLinkNamesThatMeanMoreThanALink) {
  for (const char* name : {"", "*", "eth*", "@local", "a\\b", "sixteen-letters-"}) {
    FirewallPolicy bad = policy();
    bad.masquerades = {{name, bad.local}};
    EXPECT_THROW(commands_for({}, bad, WriteMode::kDelta), base::Error) << name;
  }
}

}  // namespace
}  // namespace overland::firewall::nft
