// What the nft driver would do, from states made up here: no kernel.

#include "firewall/nft_write.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "firewall/nft_compare.h"
#include "firewall/nft_ranges.h"

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
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

/// As the kernel stands once `of` is written.
NftState written(const FirewallPolicy& of) {
  NftState state;
  state.tables = {"filter", "overland", "raw"};
  state.table = encode_table(of);
  for (std::size_t i = 0; i < kSpots.size(); ++i) {
    state.chains.push_back({2, kSpots[i].table, kSpots[i].chain, std::nullopt});
    state.chains.push_back({2, kSpots[i].table, kSpots[i].target, std::nullopt});
  }
  state.forward = anchor_rules(of.mark);
  state.raw = anchor_rules(of.mark);
  for (const NftSpot& spot : spots_of(of.anchor)) {
    for (std::size_t i = 0; i < kSpots.size(); ++i) {
      if (std::string_view(kSpots[i].chain) == spot.chain) {
        state.spots[i] = {{7, spot.target, true}, {8, "", false}};
      }
    }
  }
  return state;
}

/// Each command as nft(8) has it, with elements and where a rule jumps to.
std::vector<std::string> lines(const std::vector<NftCommand>& commands) {
  std::vector<std::string> result;
  for (const NftCommand& command : commands) {
    std::string line = to_string(command);
    if (const auto* members = std::get_if<NftMembers>(&command.object)) {
      for (const auto& prefix : prefixes_of(members->ranges)) line += " " + prefix.to_string();
      for (const std::string& name : members->names) line += " " + name;
    }
    const auto* rule = std::get_if<NftRule>(&command.object);
    if (rule != nullptr && rule->statements.size() == 1) {
      line += " jump " + std::get<NftVerdict>(rule->statements.front()).chain;
      line += rule->comment ? " comment" : "";
    }
    result.push_back(std::move(line));
  }
  return result;
}

TEST(NftWrite, HasNothingToDoWhereAllIsAsWanted) {
  for (const auto anchor :
       {FirewallAnchor::kDockerUser, FirewallAnchor::kForward, FirewallAnchor::kDockerNft}) {
    FirewallPolicy wanted = policy();
    wanted.anchor = anchor;
    NftState state = written(wanted);
    if (anchor == FirewallAnchor::kDockerNft) state.forward = state.raw = std::nullopt;
    EXPECT_THAT(commands_for(state, wanted, WriteMode::kDelta), IsEmpty());
    EXPECT_THAT(find_defects(state, wanted), IsEmpty());
    EXPECT_TRUE(decode_policy(state, wanted) == wanted);
  }
}

TEST(NftWrite, ChangesOnlyElementsWhereOnlyListsDiffer) {
  FirewallPolicy wanted = policy();
  wanted.peer_hosts = {model::Prefix::parse("10.0.0.202/32").value()};
  EXPECT_THAT(lines(commands_for(written(policy()), wanted, WriteMode::kDelta)),
              ElementsAre("delete element ip overland peer-hosts 10.0.0.201/32",
                          "add element ip overland peer-hosts 10.0.0.202/32"));
}

TEST(NftWrite, RewritesOneChainWhereItsRulesDiffer) {
  NftState state = written(policy());
  for (NftChain& chain : state.table->chains) {
    if (chain.name == "keep-source") std::swap(chain.rules[0], chain.rules[1]);
  }
  EXPECT_THAT(
      find_defects(state, policy()),
      ElementsAre("chain keep-source of table ip overland has its rules in the wrong order"));
  const auto commands = lines(commands_for(state, policy(), WriteMode::kDelta));
  ASSERT_EQ(commands.size(), 3U);
  EXPECT_THAT(commands[0], "flush chain ip overland keep-source");
  EXPECT_THAT(commands, Not(Contains(HasSubstr("trusted-in"))));
}

TEST(NftWrite, MovesAJumpThatIsNotFirstByItsHandle) {
  NftState state = written(policy());
  std::swap(state.spots[0][0], state.spots[0][1]);
  EXPECT_THAT(
      find_defects(state, policy()),
      ElementsAre("the jump to OVERLAND-FORWARD is not the first rule of filter DOCKER-USER"));
  EXPECT_THAT(lines(commands_for(state, policy(), WriteMode::kDelta)),
              ElementsAre("delete rule ip filter DOCKER-USER handle 7",
                          "insert rule ip filter DOCKER-USER jump OVERLAND-FORWARD comment"));
}

TEST(NftWrite, RemembersWhatOfIptablesItMade) {
  const auto commands = lines(commands_for({}, policy(), WriteMode::kDelta));
  for (const char* name :
       {"made-filter", "made-filter-DOCKER-USER", "made-raw", "made-raw-PREROUTING"}) {
    EXPECT_THAT(commands, Contains("add chain ip overland " + std::string(name)));
  }
  EXPECT_THAT(lines(commands_for(written(policy()), policy(), WriteMode::kWhole)),
              Not(Contains(HasSubstr("made-"))));
}

TEST(NftWrite, RemovesOnlyWhatItMade) {
  NftState state = written(policy());
  const std::string removal = "delete chain ip filter DOCKER-USER";
  EXPECT_THAT(lines(removal_commands(state, RemoveMode::kEverything)), Not(Contains(removal)));
  state.table->made = {"made-filter-DOCKER-USER"};
  EXPECT_THAT(lines(removal_commands(state, RemoveMode::kEverything)), Not(Contains(removal)))
      << "it holds a rule of somebody else";
  state.spots[0].pop_back();
  EXPECT_THAT(lines(removal_commands(state, RemoveMode::kEverything)), Contains(removal));
  state.spots[1] = {{9, "DOCKER-USER", true}};
  EXPECT_THAT(lines(removal_commands(state, RemoveMode::kEverything)), Not(Contains(removal)))
      << "FORWARD jumps to it";
}

TEST(NftWrite, RefusesLinkNamesThatMeanMoreThanALink) {
  for (const char* name : {"", "*", "eth*", "@local", "a\\b", "sixteen-letters-"}) {
    FirewallPolicy bad = policy();
    bad.masquerades = {{name, bad.local}};
    EXPECT_THROW(commands_for({}, bad, WriteMode::kDelta), base::Error) << name;
  }
}

}  // namespace
}  // namespace overland::firewall
