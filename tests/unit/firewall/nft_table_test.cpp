// What would be done to our table, from states made up here: no kernel.

#include <gmock/gmock.h>

#include "base/error.h"
#include "firewall/nft/compare_table.h"
#include "firewall/nft/ranges.h"
#include "firewall/nft/write_table.h"

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
  result.underlay_links = {"eth0"};
  result.local = {model::Prefix::parse("192.168.100.0/24").value()};
  result.peer_subnets = {model::Prefix::parse("192.168.200.0/24").value()};
  result.peer_hosts = {model::Prefix::parse("10.0.0.201/32").value()};
  return result;
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
