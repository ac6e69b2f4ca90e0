// Which rule of somebody else's table drops a packet; listings as libnftables prints them.

#include "firewall/trace.h"

#include <gtest/gtest.h>

namespace overland::firewall {
namespace {

using Json = nlohmann::json;

TracedPacket packet() {
  return {"eth0", "docker0", *model::Prefix::parse("192.168.200.0/24"),
          *model::Prefix::parse("192.168.100.0/24"), 0x200000};
}

/// Rules "chain: expressions", in order; handles count from 1.
TracedTable table(const std::vector<std::pair<std::string, std::string>>& rules,
                  std::vector<std::string> trusted = {}) {
  Json objects = Json::array();
  std::uint64_t handle = 0;
  for (const auto& [chain, expressions] : rules) {
    objects.push_back(
        {{"rule", {{"chain", chain}, {"handle", ++handle}, {"expr", Json::parse(expressions)}}}});
  }
  return TracedTable(objects, std::move(trusted));
}

std::string match(const std::string& left, const std::string& right, const std::string& op) {
  return R"({"match":{"op":")" + op + R"(","left":)" + left + R"(,"right":)" + right + "}}";
}
std::string meta(const std::string& key, const std::string& right, const std::string& op = "==") {
  return match(R"({"meta":{"key":")" + key + R"("}})", right, op);
}
std::string ip(const std::string& field, const std::string& right, const std::string& op = "==") {
  return match(R"({"payload":{"protocol":"ip","field":")" + field + R"("}})", right, op);
}
std::string rule(const std::string& condition, const std::string& verdict) {
  return "[" + condition + (condition.empty() ? "" : ",") + R"({"counter":{}},{")" + verdict +
         R"(":null}])";
}
std::string jump(const std::string& condition, const std::string& kind, const std::string& to) {
  return "[" + condition + (condition.empty() ? "" : ",") + R"({")" + kind + R"(":{"target":")" +
         to + R"("}}])";
}

Fate fate(const TracedTable& one) { return one.walk("forward", packet()).fate; }

TEST(Trace, GoesOnWhereNothingApplies) {
  EXPECT_EQ(fate(table({})), Fate::kGoesOn);
  EXPECT_EQ(fate(table({{"input", rule("", "drop")}})), Fate::kGoesOn);
}

TEST(Trace, NamesChainAndHandleOfWhatDrops) {
  const auto verdict = table({{"forward", jump("", "jump", "sub")},
                              {"sub", rule(meta("iifname", R"("eth1")"), "drop")},
                              {"sub", rule("", "reject")}})
                           .walk("forward", packet());
  EXPECT_EQ(verdict.fate, Fate::kDropped);
  EXPECT_EQ(verdict.chain, "sub");
  EXPECT_EQ(verdict.handle, 3U);
}

struct Condition {
  std::string text;
  bool applies;
};

class TraceCondition : public testing::TestWithParam<Condition> {};

TEST_P(TraceCondition, DecidesWhetherADropCounts) {
  const auto& [text, applies] = GetParam();
  EXPECT_EQ(fate(table({{"forward", rule(text, "drop")}})),
            applies ? Fate::kDropped : Fate::kGoesOn);
}

const std::string kMarked = match(R"({"&":[{"meta":{"key":"mark"}},2097152]})", "2097152", "==");
const std::string kPort = match(R"({"payload":{"protocol":"tcp","field":"dport"}})", "22", "==");
const std::string kNew = match(R"({"ct":{"key":"state"}})", R"(["new","invalid"])", "in");
const std::string kOld = match(R"({"ct":{"key":"state"}})", R"({"set":["established"]})", "==");

INSTANTIATE_TEST_SUITE_P(
    Of, TraceCondition,
    testing::Values(Condition{meta("iifname", R"("eth0")"), true},
                    Condition{meta("iifname", R"("eth1")"), false},
                    Condition{meta("iifname", R"("eth*")"), true},
                    Condition{meta("iifname", R"({"set":["eth1","eth0"]})"), true},
                    Condition{meta("oifname", R"("docker0")", "!="), false},
                    Condition{meta("oifname", R"("eth0")", "!="), true},
                    Condition{meta("iifname", R"("@links")"), false}, Condition{kMarked, true},
                    Condition{meta("mark", "1"), false},
                    Condition{meta("nfproto", R"("ipv6")"), false},
                    Condition{ip("saddr", R"({"prefix":{"addr":"192.168.0.0","len":16}})"), true},
                    Condition{ip("saddr", R"({"prefix":{"addr":"10.0.0.0","len":8}})"), false},
                    Condition{ip("daddr", R"({"prefix":{"addr":"192.168.200.0","len":24}})", "!="),
                              true},
                    Condition{ip("saddr", R"("192.168.200.7")"), false},  // some of it: not certain
                    Condition{ip("saddr", R"("@blocked")"), false}, Condition{kPort, false},
                    Condition{kNew, true}, Condition{kOld, false}));

TEST(Trace, AnAcceptForOnePortDoesNotSaveTheRest) {
  EXPECT_EQ(fate(table({{"forward", rule(kPort, "accept")}, {"forward", rule("", "drop")}})),
            Fate::kDropped);
}

TEST(Trace, AnAcceptForANamedSetIsBelieved) {
  const std::string set = ip("saddr", R"("@peers")");
  EXPECT_EQ(fate(table({{"forward", rule(set, "accept")}, {"forward", rule("", "drop")}})),
            Fate::kAccepted);
}

TEST(Trace, GotoDoesNotComeBackAndJumpDoes) {
  const std::vector<std::pair<std::string, std::string>> rest = {
      {"forward", rule("", "drop")}, {"zone", rule(meta("iifname", R"("eth1")"), "drop")}};
  auto with = [&](const std::string& kind) {
    auto rules = rest;
    rules.insert(rules.begin(), {"forward", jump(meta("iifname", R"("eth0")"), kind, "zone")});
    return fate(table(rules));
  };
  EXPECT_EQ(with("goto"), Fate::kGoesOn);
  EXPECT_EQ(with("jump"), Fate::kDropped);
}

TEST(Trace, AVerdictMapByLinkIsLookedUp) {
  const std::string map =
      R"([{"vmap":{"key":{"meta":{"key":"iifname"}},"data":{"set":[["eth1",{"drop":null}],)"
      R"(["eth0",{"jump":{"target":"zone"}}]]}}}])";
  EXPECT_EQ(fate(table({{"forward", map}, {"zone", rule("", "drop")}})), Fate::kDropped);
  EXPECT_EQ(fate(table({{"forward", map}, {"zone", rule("", "accept")}})), Fate::kAccepted);
}

TEST(Trace, AJumpToATrustedChainIsAnAccept) {
  EXPECT_EQ(
      fate(table({{"forward", jump("", "jump", "DOCKER-USER")}, {"forward", rule("", "drop")}},
                 {"DOCKER-USER"})),
      Fate::kAccepted);
}

TEST(Trace, ChainsThatCallEachOtherEnd) {
  EXPECT_EQ(fate(table({{"forward", jump("", "jump", "a")},
                        {"a", jump("", "jump", "b")},
                        {"b", jump("", "jump", "a")}})),
            Fate::kGoesOn);
}

}  // namespace
}  // namespace overland::firewall
