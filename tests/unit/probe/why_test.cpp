// Where it ends, nearest first: this host, the link, the routers, the peer.

#include <gmock/gmock.h>

#include <cerrno>
#include <utility>

#include "unit/probe/judge_scene.h"

namespace overland {
namespace {

using namespace tests;
using ::testing::HasSubstr;

TEST(Why, ARuleThereRejects) {
  auto evidence = seen(kAnswers, kAnswers, kNothing, kNothing);
  evidence.echoes[2].complaint = Complaint{3, 13, at(kHost), 0, milliseconds(1)};
  EXPECT_EQ(judged(evidence).fault(),
            "peer: k2 refuses packets to 192.168.102.2: a rule there rejects them");
}

TEST(Why, OnlyItsNeighbourAnswers) {
  EXPECT_THAT(judged(seen(kNothing, kNothing, kNothing, kNothing)).fault(),
              HasSubstr("peer: k2 (10.0.0.2) answers ARP on eth1, but no packet"));
}

TEST(Why, TheLink) {
  Evidence evidence;
  evidence.way = {at(kBridge), 0, false, "eth1", at(kHost)};
  evidence.hop = Hop::kSilent;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("link: k2 (10.0.0.2) does not answer ARP"));
  evidence.link_carrier = false;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("link: link eth1 has no carrier"));
  evidence.link_up = false;
  EXPECT_EQ(judged(evidence).fault(), "link: link eth1 is down");
  EXPECT_EQ(judged(evidence).containers, Part::kNo);
}

TEST(Why, RoutesHere) {
  Evidence evidence;
  evidence.way.to = at(kBridge);
  evidence.way.error = ENETUNREACH;
  EXPECT_EQ(judged(evidence).fault(),
            "here: there is no route to 192.168.102.0/24 from bridge docker0: run `overland "
            "status`");
  EXPECT_EQ(judged(evidence, false, k2(), false).fault(),
            "here: there is no route to 192.168.102.0/24: run `overland status`");
  evidence.way.error = EHOSTUNREACH;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("is an unreachable one"));
  evidence.way.error = EINVAL;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("a blackhole route, or rp_filter"));
  evidence.way.error = EACCES;
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("prohibits"));
}

TEST(Why, ARuleHereWhereItIsKnown) {
  auto evidence = seen(kAnswers, kNothing, kNothing, kNothing);
  for (auto& one : evidence.echoes) {
    if (one.purpose != Purpose::kHost) one.left_as.reset();
  }
  EXPECT_EQ(lost_here(k2(), evidence), Lost::kRequests);
  EXPECT_THAT(judged(evidence).fault(),
              HasSubstr("here: packets to 192.168.102.0/24 do not leave"));
  evidence.drops = {{false, true, "filter DOCKER-USER, rule 1: drop"}};
  EXPECT_EQ(judged(evidence).fault(), "here: filter DOCKER-USER, rule 1: drop drops the request");
  evidence.drops = {{true, false, "filter FORWARD, rule 2"}};
  EXPECT_EQ(judged(evidence).fault(), "here: filter FORWARD, rule 2 probably drops the reply");
}

TEST(Why, RepliesThatComeThisFarAndNoFurther) {
  auto evidence = seen(kAnswers, kNothing, kNothing, kFree);
  evidence.echoes[1].came_back = true;
  EXPECT_EQ(lost_here(k2(), evidence), Lost::kReplies);
  const auto verdict = judged(evidence);
  EXPECT_FALSE(verdict.reached) << "that a free address is answered for does not help";
  EXPECT_THAT(verdict.fault(), HasSubstr("here: answers come in on eth1 and are dropped"));
}

TEST(Why, WhatIsNotWatchedIsNotBlamedOnThisHost) {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  evidence.watched = false;
  for (auto& one : evidence.echoes) one.left_as.reset();
  EXPECT_EQ(lost_here(k2(), evidence), Lost::kNothing);
}

Evidence over_routers() {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  evidence.way.gateway = at("10.0.0.9");
  evidence.stations = {{"r1", at("10.0.0.9")}, {"r2", at("10.1.0.8")}, {"k2", at(kHost)}};
  for (std::uint8_t ttl = 1; ttl <= 4; ++ttl) {
    auto step = echo(Purpose::kStep, kBridge, ttl == 1 ? Says::kCircles : kNothing, kSelf);
    step.ttl = ttl;
    evidence.echoes.push_back(step);
  }
  return evidence;
}

TEST(Why, TheLastRouterThatAnswers) {
  auto evidence = over_routers();
  EXPECT_EQ(judged(evidence).fault(),
            "way: no router on the way answers: r1 (10.0.0.9) is the first");
  evidence.echoes[5].complaint = Complaint{11, 0, at("10.0.0.9"), 0, milliseconds(1)};
  EXPECT_EQ(judged(evidence).fault(),
            "way: r1 (10.0.0.9) is the last on the way that answers; r2 (10.1.0.8) does not");
}

TEST(Why, WhatARouterSays) {
  auto evidence = over_routers();
  evidence.echoes[2] = echo(Purpose::kContainer, kFirst, Says::kFreeAfterAll, "10.1.0.8");
  EXPECT_EQ(judged(evidence).fault(),
            "way: r2 (10.1.0.8) gets no answer from the next one on the way to 192.168.102.2");
  evidence.echoes[2] = echo(Purpose::kContainer, kFirst, Says::kUnreachable, "10.1.0.8");
  EXPECT_EQ(judged(evidence).fault(),
            "way: r2 (10.1.0.8) has no route to 192.168.102.0/24: run `overland status` there");
}

TEST(Why, WhatCannotBeToldIsCalledSo) {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  evidence.hop = Hop::kNotAsked;  // a tunnel: nobody is asked there
  EXPECT_THAT(judged(evidence).fault(), HasSubstr("unknown: no answer from k2"));
}

Peer tunnelled() {
  Peer peer = k2();
  std::swap(peer.hosts, peer.outer);
  return peer;
}

/// The outer address and the bridge, asked by this host itself.
Evidence through_the_tunnel(Says outer, Says bridge) {
  auto evidence = seen(kNothing, kNothing, kNothing, kNothing);
  evidence.echoes.front() = echo(Purpose::kControl, kHost, outer);
  evidence.echoes.push_back(echo(Purpose::kControl, kBridge, bridge));
  evidence.hop = Hop::kNotAsked;
  return evidence;
}

TEST(Why, WhereATunnelEnds) {
  const auto fault = [](Says outer, Says bridge) {
    return judged(through_the_tunnel(outer, bridge), false, tunnelled()).fault();
  };
  EXPECT_THAT(fault(kAnswers, kNothing),
              HasSubstr("way: the end of its tunnel, 10.0.0.2, answers this host, but nothing "
                        "comes through the tunnel"));
  EXPECT_THAT(fault(kNothing, kNothing),
              HasSubstr("unknown: nothing comes through the tunnel, and the end of its tunnel"));
  EXPECT_THAT(fault(kAnswers, kAnswers), HasSubstr("peer: k2 answers this host's own address"));
  auto evidence = through_the_tunnel(kAnswers, kNothing);
  evidence.echoes[2].packed_by = at("10.7.7.7");
  EXPECT_THAT(judged(evidence, false, tunnelled()).fault(),
              HasSubstr("way: answers of k2 come from 10.7.7.7 instead of 10.0.0.2"));
}

TEST(Why, AnEndThatIsNotAskedIsNoFault) {
  auto evidence = seen(kNothing, kAnswers, kAnswers, kNothing);
  evidence.echoes.erase(evidence.echoes.begin());
  const auto verdict = judged(evidence, false, tunnelled());
  EXPECT_TRUE(verdict.reached);
  EXPECT_EQ(verdict.host, Part::kNone);
  EXPECT_TRUE(verdict.notes.empty());
  Peer empty = tunnelled();
  empty.containers.clear();  // a bridge subnet without room
  evidence.echoes.resize(1);
  EXPECT_TRUE(judged(evidence, false, empty).reached);
}

}  // namespace
}  // namespace overland
