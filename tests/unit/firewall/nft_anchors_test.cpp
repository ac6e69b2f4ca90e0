// What would be done to the anchors in nf_tables, from states made up here: no kernel.

#include <gmock/gmock.h>

#include "firewall/nft/anchor_state.h"
#include "firewall/nft/matches.h"
#include "firewall/nft/table.h"

namespace overland::firewall::nft {
namespace {

using model::FirewallAnchor;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t kMark = 0x200000;

RuleEntry jump(std::uint64_t handle, const char* chain) { return {handle, chain, true}; }

/// Of what carries the mark.
RuleEntry marked_jump(std::uint64_t handle, const char* chain) {
  RuleEntry rule = {handle, chain};
  rule.mark = kMark;
  return rule;
}

/// As the kernel stands once the anchors are put, Docker's jump to DOCKER-USER above.
AnchorState standing(bool tunnel = false) {
  AnchorState state;
  state.look.usable = true;
  for (const char* table : {"filter", "overland", "raw"}) state.look.tables.push_back({table});
  state.look.spots = {std::vector{marked_jump(7, "OVERLAND-FORWARD"), RuleEntry{8, "", false}},
                      std::vector{jump(5, "DOCKER-USER"), marked_jump(6, "OVERLAND-USER")},
                      std::vector{marked_jump(4, "OVERLAND-RAW")}};
  state.look.chains = {
      {2, "filter", "DOCKER-USER", {}, 4},      {2, "filter", "FORWARD", {}, 2},
      {2, "raw", "PREROUTING", {}, 1},          {2, "filter", "OVERLAND-USER", {}, 3},
      {2, "filter", "OVERLAND-FORWARD", {}, 2}, {2, "raw", "OVERLAND-RAW", {}, 2}};
  if (tunnel) {
    state.look.spots[3] = {marked_jump(10, "OVERLAND-INPUT"), RuleEntry{11, "", false}};
    state.look.chains.push_back({2, "filter", "INPUT", {}, 2});
    state.look.chains.push_back({2, "filter", "OVERLAND-INPUT", {}, 2});
  }
  for (const OwnChain& own : kOwnChains) {
    if (!tunnel && own.name == std::string(kInputSpot.target)) continue;
    state.chains[own.name] = statements_of(own.name, {kMark});
  }
  return state;
}

/// Each command as nft(8) has it, with where a rule jumps to.
std::vector<std::string> lines(const std::vector<Command>& commands) {
  std::vector<std::string> result;
  for (const Command& command : commands) {
    std::string line = to_string(command);
    const auto* rule = std::get_if<Rule>(&command.object);
    const auto* verdict = rule == nullptr || rule->statements.empty()
                              ? nullptr
                              : std::get_if<Verdict>(&rule->statements.back());
    if (verdict != nullptr && rule->statements.size() <= 2) {
      if (rule->statements.front() == Statement(marked(kMark))) line += " marked";
      line += " jump " + verdict->chain;
      line += rule->comment ? " comment" : "";
    }
    result.push_back(std::move(line));
  }
  return result;
}

std::vector<std::string> put(const AnchorState& state,
                             const Places& places = FirewallAnchor::kDockerUser) {
  return lines(put_commands(state, places, {kMark}));
}

constexpr Places kTunnelled = {FirewallAnchor::kDockerUser, true};

TEST(NftAnchorCommands, AreNoneWhereAllStand) {
  EXPECT_THAT(put(standing()), IsEmpty());
  EXPECT_THAT(put(standing(true), kTunnelled), IsEmpty());
}

TEST(NftAnchorCommands, PutTheOneAtInputFirst) {
  EXPECT_THAT(put(standing(), kTunnelled),
              ElementsAre("add table ip overland", "add chain ip filter INPUT",
                          "add chain ip overland made-filter-INPUT",
                          "add chain ip filter OVERLAND-INPUT", "add rule ip filter OVERLAND-INPUT",
                          "insert rule ip filter INPUT marked jump OVERLAND-INPUT comment"));
  AnchorState pushed = standing(true);
  std::swap(pushed.look.spots[3][0], pushed.look.spots[3][1]);
  EXPECT_THAT(put(pushed, kTunnelled),
              ElementsAre("delete rule ip filter INPUT handle 10",
                          "insert rule ip filter INPUT marked jump OVERLAND-INPUT comment"));
}

TEST(NftAnchorCommands, TakeTheOneAtInputAwayWithTheTunnel) {
  EXPECT_THAT(put(standing(true)), ElementsAre("delete rule ip filter INPUT handle 10",
                                               "flush chain ip filter OVERLAND-INPUT",
                                               "delete chain ip filter OVERLAND-INPUT"));
  const AnchorState state = standing(true);
  EXPECT_THAT(put(state, {FirewallAnchor::kDockerNft, true}), Not(Contains(HasSubstr("INPUT"))))
      << "it stands beside Docker's nftables backend";
  EXPECT_FALSE(
      judge(state.seen({kMark}), FirewallAnchor::kDockerUser, "table ip ").defects.empty());
  EXPECT_THAT(judge(state.seen({kMark}), kTunnelled, "table ip ").defects, IsEmpty());
}

TEST(NftAnchorCommands, MoveAJumpBelowTheOneToDockerUser) {
  AnchorState state = standing();
  std::swap(state.look.spots[1][0], state.look.spots[1][1]);
  EXPECT_THAT(
      put(state),
      ElementsAre("delete rule ip filter FORWARD handle 6",
                  "add rule ip filter FORWARD position 5 marked jump OVERLAND-USER comment"));
}

TEST(NftAnchorCommands, PutAJumpFirstWhereNothingLeadsToDockerUser) {
  AnchorState state = standing();
  state.look.spots[1] = {RuleEntry{9, "", false}, marked_jump(6, "OVERLAND-USER")};
  EXPECT_THAT(put(state),
              ElementsAre("delete rule ip filter FORWARD handle 6",
                          "insert rule ip filter FORWARD marked jump OVERLAND-USER comment"));
}

TEST(NftAnchorCommands, ReplaceAJumpThatAsksForAnotherMark) {
  const AnchorState state = standing(true);
  // What carries the other would not come that far.
  for (const Marks& marks : {Marks{0x40}, Marks{kMark, 0x40}}) {
    EXPECT_THAT(judge(state.seen(marks), kTunnelled, "table ip ").defects,
                Contains(HasSubstr("OVERLAND-RAW has a condition")));
    EXPECT_THAT(lines(put_commands(state, kTunnelled, marks)),
                Contains("delete rule ip raw PREROUTING handle 4"));
  }
  EXPECT_EQ(jump_to("OVERLAND-RAW", {kMark, 0x40}),
            Statements{(Verdict{Verdict::kJump, "OVERLAND-RAW"})});
}

TEST(NftAnchorCommands, AskForTheMarkWhereAllWereAsked) {
  AnchorState state = standing();
  state.look.spots[1][1] = jump(6, "OVERLAND-USER");
  EXPECT_THAT(judge(state.seen({kMark}), FirewallAnchor::kDockerUser, "table ip ").defects,
              IsEmpty())
      << "it only costs time";
  EXPECT_THAT(
      put(state),
      ElementsAre("delete rule ip filter FORWARD handle 6",
                  "add rule ip filter FORWARD position 5 marked jump OVERLAND-USER comment"));
  EXPECT_THAT(lines(put_commands(state, FirewallAnchor::kDockerUser, {kMark, 0x40})),
              Not(Contains("delete rule ip filter FORWARD handle 6")));
}

TEST(NftAnchorCommands, RewriteAChainThatHoldsOtherRules) {
  AnchorState state = standing();
  state.chains["OVERLAND-RAW"] = statements_of("OVERLAND-RAW", {0x40});
  EXPECT_THAT(put(state),
              ElementsAre("flush chain ip raw OVERLAND-RAW", "add rule ip raw OVERLAND-RAW"));
}

TEST(NftAnchorCommands, RememberWhatOfIptablesTheyMake) {
  const auto commands = put({});
  for (const char* name :
       {"made-filter", "made-filter-DOCKER-USER", "made-raw", "made-raw-PREROUTING"}) {
    EXPECT_THAT(commands, Contains("add chain ip overland " + std::string(name)));
  }
  EXPECT_THAT(put({}, FirewallAnchor::kForward), Not(Contains(HasSubstr("DOCKER-USER"))));
}

TEST(NftAnchorCommands, MoveToForwardAloneWhereDockerIsGone) {
  AnchorState state = standing();
  state.look.spots[0].pop_back();
  state.look.spots[1].erase(state.look.spots[1].begin());
  state.look.chains[0].uses = 2;  // our jump in it, and that of OVERLAND-USER to it
  state.look.chains.push_back({2, "overland", "made-filter-DOCKER-USER", {}, 0});
  EXPECT_THAT(
      put(state, FirewallAnchor::kForward),
      ElementsAre("delete rule ip filter FORWARD handle 6",
                  "insert rule ip filter FORWARD marked jump OVERLAND-FORWARD comment",
                  "delete rule ip filter DOCKER-USER handle 7",
                  "flush chain ip filter OVERLAND-USER", "delete chain ip filter OVERLAND-USER",
                  "delete chain ip filter DOCKER-USER",
                  "delete chain ip overland made-filter-DOCKER-USER"));
}

TEST(NftAnchorCommands, RemoveOnlyWhatTheyMade) {
  AnchorState state = standing();
  const std::string removal = "delete chain ip filter DOCKER-USER";
  const auto removed = [&] { return lines(removal_commands(state, {})); };
  state.look.spots[0].pop_back();
  state.look.spots[1].erase(state.look.spots[1].begin());
  state.look.chains[0].uses = 2;
  EXPECT_THAT(removed(), Not(Contains(removal))) << "somebody else made it";
  state.look.chains.push_back({2, "overland", "made-filter-DOCKER-USER", {}, 0});
  EXPECT_THAT(removed(), Contains(removal));
  state.look.chains[0].uses = 3;
  EXPECT_THAT(removed(), Not(Contains(removal))) << "something jumps to it";
  state.look.chains[0].uses = 2;
  state.look.spots[0].push_back({8, "", false});
  EXPECT_THAT(removed(), Not(Contains(removal))) << "it holds a rule of somebody else";
}

}  // namespace
}  // namespace overland::firewall::nft
