// What answers mean: the table of what was measured.

#include <gmock/gmock.h>

#include <cerrno>

#include "unit/probe/judge_scene.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Judge, NothingWrong) {
  const auto with = judged(seen(kAnswers, kAnswers, kAnswers, kFree));
  EXPECT_TRUE(with.reached);
  EXPECT_EQ(with.containers, Part::kOk);
  EXPECT_EQ(with.container, at(kFirst));
  EXPECT_EQ(with.source, at(kSelf));
  EXPECT_EQ(with.round_trip, Micros(170));
  EXPECT_TRUE(with.faults.empty());
  const auto without = judged(seen(kAnswers, kAnswers, kFree, kFree));
  EXPECT_TRUE(without.reached);
  EXPECT_EQ(without.containers, Part::kForwards);
}

TEST(Judge, ForwardDropsThere) {
  const auto verdict = judged(seen(kAnswers, kAnswers, kNothing, kNothing));
  EXPECT_FALSE(verdict.reached);
  EXPECT_EQ(verdict.fault(),
            "peer: k2 answers, but does not forward to 192.168.102.0/24: run `overland status` "
            "there");
}

TEST(Judge, NeverByTheHostOrTheBridgeAlone) {
  const auto verdict = judged(seen(kNothing, kNothing, kNothing, kFree));
  EXPECT_TRUE(verdict.reached) << "INPUT there drops pings: its containers are fine";
  EXPECT_THAT(verdict.notes, ElementsAre(HasSubstr("drops pings")));
}

TEST(Judge, NoWayBack) {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  evidence.echoes.push_back(echo(Purpose::kControl, kHost, kAnswers));
  EXPECT_THAT(judged(evidence).fault(),
              HasSubstr("peer: k2 answers this host's own address, but not 192.168.101.2"));
}

TEST(Judge, ItsBridgeIsDown) {
  EXPECT_THAT(judged(seen(kAnswers, kAnswers, Says::kCircles, Says::kCircles)).fault(),
              HasSubstr("peer: packets to 192.168.102.0/24 go in circles at k2"));
  EXPECT_THAT(judged(seen(kAnswers, kAnswers, Says::kUnreachable, kNothing)).fault(),
              HasSubstr("peer: k2 has no route to 192.168.102.0/24: its bridge is down"));
}

TEST(Judge, WhatIsSaidOnceAndAtOnceMayBeTheEndOfAnothersQuestion) {
  auto evidence = seen(kAnswers, kAnswers, kNothing, Says::kUnreachable);
  evidence.echoes.back().tries = 1;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("does not forward"));
}

TEST(Judge, ASourceThatIsNotKept) {
  auto evidence = seen(kAnswers, kAnswers, kAnswers, kFree);
  for (auto& one : evidence.echoes) one.left_as = at("10.0.0.1");
  EXPECT_EQ(judged(evidence).source, at("10.0.0.1"));
}

TEST(Judge, MtuIsTheLargestThatWasAnswered) {
  auto evidence = seen(kAnswers, kAnswers, kAnswers, kFree);
  auto full = echo(Purpose::kSize, kFirst, kNothing);
  full.size = 1500;
  evidence.echoes.push_back(full);
  auto less = echo(Purpose::kSize, kFirst, kAnswers);
  less.size = 1400;
  evidence.echoes.push_back(less);
  auto verdict = judged(evidence);
  EXPECT_EQ(verdict.mtu, 1400U);
  EXPECT_TRUE(verdict.mtu_shrunk);
  EXPECT_THAT(verdict.notes, ElementsAre(HasSubstr("lost without a word")));
  evidence.echoes[4].complaint = Complaint{3, 4, at("10.0.0.9"), 1400, milliseconds(1)};
  EXPECT_THAT(judged(evidence).notes,
              ElementsAre("packets of 1500 bytes are too large for r1 (10.0.0.9): it takes 1400"));
  evidence.echoes[4].answered = Micros(1);
  EXPECT_EQ(judged(evidence).mtu, 1500U);
  EXPECT_FALSE(judged(evidence).mtu_shrunk);
}

TEST(Judge, NewFlowsInByWhatCameThisFar) {
  auto evidence = seen(kAnswers, kAnswers, kAnswers, kFree);
  EXPECT_FALSE(judged(evidence).inbound.has_value());
  evidence.echoes.push_back(echo(Purpose::kInbound, kFirst, kNothing));
  EXPECT_FALSE(judged(evidence).inbound.has_value()) << "nobody knows where it was lost";
  evidence.echoes.back().came_back = true;
  EXPECT_EQ(judged(evidence).inbound, false);
  EXPECT_EQ(lost_here(k2(), evidence), Lost::kReplies);
  evidence.echoes.back().answered = Micros(1);
  EXPECT_EQ(judged(evidence).inbound, true);
}

Peer one_container() {
  Peer peer = k2();
  peer.asked = true;
  peer.containers = {at(kFirst)};
  return peer;
}

TEST(Judge, ANeighbourThatWasAskedForBeforeFailsEarly) {
  auto evidence = seen(kAnswers, kAnswers, kNothing, kFree);
  evidence.echoes.back().complaint->after = milliseconds(400);
  evidence.echoes.back().tries = 1;
  EXPECT_EQ(judged(evidence).containers, Part::kForwards);
  evidence.echoes.front().answered = evidence.echoes[1].answered = Micros(150000);
  EXPECT_NE(judged(evidence).containers, Part::kForwards) << "as far away as that answer is late";
}

TEST(Judge, NothingIsKnownOfAWayThatWasNotTaken) {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  for (auto& echo : evidence.echoes) echo.refused = EPERM;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("here: a rule for what is sent drops it"));
}

TEST(Judge, AConnectionThatWasAskedForHasToBeMade) {
  auto evidence = seen(kAnswers, kAnswers, kFree, kFree);
  EXPECT_TRUE(judged(evidence).reached);
  EXPECT_FALSE(judged(evidence, true).reached);
  EXPECT_THAT(judged(evidence, true).fault(), HasSubstr("there is none to connect to"));
}

TEST(Judge, AnImpatientProbeDoesNotAccuse) {
  const auto evidence = seen(kAnswers, kAnswers, kNothing, kNothing);
  EXPECT_THAT(judged(evidence, false, k2(), true, false).fault(),
              HasSubstr("unknown: k2 answers, and nothing of 192.168.102.0/24"));
}

TEST(Judge, OneContainerHasToAnswerItself) {
  auto evidence = seen(kAnswers, kAnswers, kFree, kNothing);
  evidence.way.to = at(kFirst);
  evidence.echoes.pop_back();
  EXPECT_EQ(judged(evidence, false, one_container()).fault(),
            "peer: k2 forwards, but nobody there has 192.168.102.2");
  evidence.echoes.back() = echo(Purpose::kContainer, kFirst, kNothing);
  EXPECT_THAT(judged(evidence, false, one_container()).fault(),
              HasSubstr("unknown: k2 answers, but 192.168.102.2 does not"));
  evidence.echoes.back() = echo(Purpose::kContainer, kFirst, kAnswers);
  EXPECT_TRUE(judged(evidence, false, one_container()).reached);
}

TEST(Judge, APortHasToBeOpen) {
  auto evidence = seen(kAnswers, kAnswers, kAnswers, kNothing);
  evidence.tcp_to = at(kFirst);
  evidence.tcp = Connected::kOpen;
  EXPECT_TRUE(judged(evidence, true).reached);
  evidence.tcp = Connected::kRefused;
  EXPECT_EQ(
      judged(evidence, true).fault(),
      "peer: 192.168.102.2 is reached, but nothing listens on that port, or a rule refuses it");
  evidence.tcp = Connected::kSilent;
  EXPECT_THAT(judged(evidence, true).fault(), HasSubstr("answers pings, but not on that port"));
  auto silent = seen(kNothing, kNothing, kNothing, kNothing);
  silent.tcp = Connected::kOpen;
  EXPECT_TRUE(judged(silent, true, one_container()).reached) << "it drops pings";
}

TEST(Judge, AHostWithoutContainersIsItsAddresses) {
  Peer router;
  router.name = "r1";
  router.hosts = {at("10.0.0.9"), at("10.1.0.9")};
  Evidence evidence;
  evidence.way = {at("10.0.0.9"), 0, false, "eth1", {}};
  evidence.hop = Hop::kAnswers;
  evidence.echoes = {echo(Purpose::kHost, "10.0.0.9", kAnswers),
                     echo(Purpose::kHost, "10.1.0.9", kAnswers)};
  EXPECT_TRUE(judged(evidence, false, router).reached);
  evidence.echoes[1] = echo(Purpose::kHost, "10.1.0.9", kNothing);
  const auto verdict = judged(evidence, false, router);
  EXPECT_EQ(verdict.host, Part::kSome);
  EXPECT_FALSE(verdict.reached);
}

}  // namespace
}  // namespace overland
