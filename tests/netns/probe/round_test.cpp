// Rounds of questions to peers that are there, or not.

#include <algorithm>
#include <chrono>
#include <thread>

#include "firewall/untracked_table.h"
#include "netns/probe/probe_scene.h"
#include "probe/judge.h"

namespace overland {
namespace {

using namespace tests;
using probe::Purpose;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class Rounds : public ProbeSandbox {
 protected:
  static std::size_t reached(const probe::Stand& stand, const std::vector<probe::Peer>& peers,
                             const std::vector<probe::Evidence>& seen) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      count += probe::judge(peers[i], seen[i], {stand, {}, false}).reached ? 1U : 0U;
    }
    return count;
  }
};

TEST_F(Rounds, FromASpaceOfOurOwnReachPeersAndLeaveNothing) {
  const auto peers = raise(2);
  {
    const auto stand = own_space();
    EXPECT_EQ(stand.sender.source, at("192.168.100.254"));
    const auto seen = ask(stand, peers);
    EXPECT_EQ(reached(stand, peers, seen), 2U);
    const auto* echo = probe::first_answered(seen[0], Purpose::kContainer);
    ASSERT_NE(echo, nullptr);
    EXPECT_EQ(echo->left_as, at("192.168.100.254"));
    EXPECT_TRUE(echo->came_back);
    const auto* full = probe::first_answered(seen[0], Purpose::kSize);
    ASSERT_NE(full, nullptr);
    EXPECT_EQ(full->size, 1500);
  }
  EXPECT_EQ(sh("ip -o link show master br0"), "");
  EXPECT_EQ(sh("nft list tables"), "");
}

TEST_F(Rounds, FromTheHostReachPeersToo) {
  const auto peers = raise(2);
  const auto stand = probe::on_host(at("10.0.0.1"), link("eth0"));
  EXPECT_EQ(reached(stand, peers, ask(stand, peers)), 2U);
}

TEST_F(Rounds, AreBoundedByTheTimeoutNotByTheSumOfTheDead) {
  const auto peers = raise(300, true);
  const auto stand = own_space();
  const auto begin = Clock::now();
  const auto seen = ask(stand, peers);
  EXPECT_LT(Clock::now() - begin, milliseconds(5000));
  EXPECT_EQ(reached(stand, peers, seen), 150U);
  for (std::size_t i = 0; i < peers.size(); ++i) {
    EXPECT_EQ(seen[i].hop, i % 2 == 0 ? probe::Hop::kAnswers : probe::Hop::kSilent) << i;
  }
}

TEST_F(Rounds, HeldUpAtTheBeginningHearWhoHasAnsweredMeanwhile) {
  const auto peers = raise(2);
  const auto stand = own_space();
  probe::RoundOptions options;
  options.untrack = [](const model::Address&, std::uint16_t) {
    std::this_thread::sleep_for(milliseconds(400));
    return nullptr;
  };
  EXPECT_EQ(reached(stand, peers, ask(stand, peers, options)), 2U);
}

TEST_F(Rounds, OfTheLivingEndEarly) {
  const auto peers = raise(100);
  const auto stand = own_space();
  const auto begin = Clock::now();
  const auto seen = ask(stand, peers);
  EXPECT_LT(Clock::now() - begin, milliseconds(2000));
  EXPECT_EQ(reached(stand, peers, seen), 100U);
}

TEST_F(Rounds, NeverFillTheNeighbourTableWithTheDead) {
  const auto peers = raise(100, true);
  ask(own_space(), peers);
  EXPECT_EQ(sh("ip neighbour show dev eth0 nud incomplete nud failed"), "");
}

TEST_F(Rounds, OfWhatIsNotTrackedMeetRulesForNewFlows) {
  const auto peers = raise(1);
  sh("nft add table ip t; nft add chain ip t f '{ type filter hook forward priority 0; }';"
     "nft add rule ip t f iifname eth0 ct state established accept;"
     "nft add rule ip t f iifname eth0 drop");
  const auto stand = own_space();
  probe::RoundOptions options;
  options.untrack = [](const model::Address& source, std::uint16_t id) {
    return std::make_shared<firewall::UntrackedTable>(source, id);
  };
  const auto verdict = probe::judge(peers[0], ask(stand, peers, options)[0], {stand, {}, false});
  EXPECT_TRUE(verdict.reached) << "replies to what is tracked pass";
  EXPECT_EQ(verdict.inbound, false);
  sh("nft flush chain ip t f");
  EXPECT_EQ(probe::judge(peers[0], ask(stand, peers, options)[0], {stand, {}, false}).inbound,
            true);
  EXPECT_EQ(sh("nft list tables"), "table ip t\n");
}

TEST_F(Rounds, FindTheMtuThatNobodyTells) {
  const auto peers = raise(1);
  sh("ip -n peers link set eth0 mtu 1400");  // drops larger ones without a word
  const auto stand = own_space();
  const auto verdict = probe::judge(peers[0], ask(stand, peers)[0], {stand, {}, false});
  EXPECT_EQ(verdict.mtu, 1400U);
  EXPECT_TRUE(verdict.mtu_shrunk);
}

TEST_F(Rounds, FindTheMtuThatOurOwnLinkHas) {
  const auto peers = raise(1);
  sh("ip link set eth0 mtu 1437");
  const auto stand = own_space();
  const auto verdict = probe::judge(peers[0], ask(stand, peers)[0], {stand, {}, false});
  EXPECT_EQ(verdict.mtu, 1437U) << "as this host's own ICMP error says";
}

TEST_F(Rounds, SeeASourceThatIsMasqueraded) {
  const auto peers = raise(1);
  sh("nft add table ip t; nft add chain ip t n '{ type nat hook postrouting priority 100; }';"
     "nft add rule ip t n oifname eth0 masquerade");
  const auto stand = own_space();
  const auto verdict = probe::judge(peers[0], ask(stand, peers)[0], {stand, {}, false});
  EXPECT_TRUE(verdict.reached);
  EXPECT_EQ(verdict.source, at("10.0.0.1"));
}

}  // namespace
}  // namespace overland
