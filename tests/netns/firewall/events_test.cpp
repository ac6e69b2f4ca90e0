#include "firewall/events.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/error.h"
#include "netns/sandbox.h"

namespace overland::firewall {
namespace {

using host::Part;
using host::Parts;
using tests::sh;

using RuleEventsTest = tests::Sandbox;

bool waits(const RuleEvents& events) {
  pollfd one = {events.fd(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

TEST_F(RuleEventsTest, AChangeIsToldWithItsMaker) {
  RuleEvents events;
  EXPECT_FALSE(waits(events));
  sh("nft add table ip other");
  EXPECT_EQ(events.drain(), Parts(Part::kFirewall));
  EXPECT_EQ(events.maker(), "nft");
  EXPECT_FALSE(events.drain().any());
}

TEST_F(RuleEventsTest, WhatWasLookedAtTellsNothing) {
  RuleEvents events;
  sh("nft add table ip other; nft add chain ip other c");
  events.look();
  EXPECT_FALSE(events.drain().any());
  sh("nft delete table ip other");
  EXPECT_TRUE(events.drain().has(Part::kFirewall));
}

TEST_F(RuleEventsTest, ATransactionOfThousandsIsOneMessage) {
  RuleEvents events;
  sh("(echo add table ip big; for i in $(seq 5000); do echo add chain ip big c$i; done) | nft -f "
     "-");
  EXPECT_TRUE(events.drain().has(Part::kFirewall));
  EXPECT_FALSE(waits(events));
}

TEST_F(RuleEventsTest, WhatIsWrittenUnheardTellsNothingAndTheNextChangeDoes) {
  RuleEvents events;
  events.without_hearing([] { sh("nft add table ip other"); });
  EXPECT_FALSE(events.drain().any());
  EXPECT_THROW(
      events.without_hearing([] { throw base::Error(base::ErrorKind::kFailure, "half-way"); }),
      base::Error);
  sh("nft delete table ip other");
  EXPECT_TRUE(events.drain().has(Part::kFirewall));
}

TEST_F(RuleEventsTest, ListingIsNoChange) {
  RuleEvents events;
  sh("nft list ruleset; iptables-nft -L -n");
  events.drain();
  sh("nft list ruleset");
  EXPECT_FALSE(waits(events));
}

}  // namespace
}  // namespace overland::firewall
