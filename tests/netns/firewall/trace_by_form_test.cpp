// What is said of foreign rules that share our bit of the mark, open more than the inventory says,
// or hide sources between its segments.

#include <gmock/gmock.h>

#include "firewall/trace/by_form.h"
#include "firewall/trace/droppers.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::trace {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::certain;
using tests::prefixes;
using tests::sh;

class TraceByFormTest : public tests::Sandbox {
 protected:
  static std::vector<std::string> advice() {
    return tests::sentences(find_droppers(tests::two_host_policy()), model::Severity::kAdvice);
  }
};

TEST_F(TraceByFormTest, AMaskWithOurBitAmongOthersIsAConflict) {
  const std::string told = "uses the bits 0xff0000 of the mark, overland's 0x200000 among them";
  for (const std::string kind : {"nft", "legacy"}) {
    // Tailscale's.
    sh("iptables-" + kind + " -N ts; iptables-" + kind +
       " -A ts -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000; iptables-" + kind +
       " -A ts -m mark --mark 0x40000/0xff0000 -j ACCEPT");
    const auto found = certain(find_droppers(tests::two_host_policy()));
    EXPECT_THAT(found, ElementsAre(AllOf(HasSubstr(told), HasSubstr("in chain ts of"),
                                         HasSubstr("put mark = 0x2000 into this host's entry"))));
    sh("iptables-" + kind + " -F ts");
  }
  const char* const shared[] = {"meta mark and 0xff0000 == 0x40000 accept",
                                "iifname \"x\" meta mark set meta mark and 0xff00ffff or 0x40000",
                                "iifname \"x\" meta mark set meta mark and 0xff00ffff xor 0x40000"};
  for (const char* rule : shared) {
    sh(std::string("nft 'table inet t { chain c { ") + rule + "\n}; }'");
    EXPECT_THAT(certain(find_droppers(tests::two_host_policy())), ElementsAre(HasSubstr(told)))
        << rule;
    sh("nft delete table inet t");
  }
}

TEST_F(TraceByFormTest, OurBitAloneOtherBitsAndTheWholeMarkAreNone) {
  sh("nft 'table inet t { chain c { meta mark and 0x200000 == 0x200000 accept; meta mark and "
     "0xc000 "
     "== 0x4000 accept; meta mark 0x1 accept; meta mark set meta mark or 0x4000; ip saddr 1.2.3.4 "
     "accept\n}; }'");
  EXPECT_THAT(find_droppers(tests::two_host_policy()), IsEmpty());
}

TEST_F(TraceByFormTest, AFreeBitIsOneNobodyUses) {
  EXPECT_EQ(free_bit(0x200000), 0x2000U);
  EXPECT_EQ(free_bit(0x203000), 0x40U);
  EXPECT_EQ(free_bit(0xffff), 0x80000000U) << "a well-known one where there is no other";
  EXPECT_EQ(free_bit(UINT32_MAX), 0U);
}

TEST_F(TraceByFormTest, AnAcceptOfAWholeSegmentIsNamedWithItsRemoval) {
  sh("iptables-nft -A FORWARD -s 10.0.0.0/24 -m comment --comment lan -j ACCEPT");
  EXPECT_THAT(advice(),
              ElementsAre(AllOf(HasSubstr("ip saddr 10.0.0.0/24"), HasSubstr("more than the"),
                                HasSubstr("nft delete rule ip filter FORWARD handle "))));
  const std::string remedy = advice().front().substr(advice().front().find("nft delete"));
  sh(remedy);
  EXPECT_THAT(advice(), IsEmpty());
  sh("iptables-legacy -A FORWARD -j LOG; iptables-legacy -A FORWARD -s 192.168.200.0/24 -j ACCEPT");
  EXPECT_THAT(advice(), ElementsAre(HasSubstr("iptables-legacy -t filter -D FORWARD 2")));
  sh("iptables-legacy -t filter -D FORWARD 2");
  for (const char* rule :
       {"-s 172.16.0.0/12", "-s 10.0.0.0/24 -i eth0", "-s 10.0.0.0/24 -p tcp", "-d 10.0.0.0/24",
        "! -s 10.0.0.0/24", "-m mark --mark 0x200000/0x200000"}) {
    sh(std::string("iptables-nft -A FORWARD ") + rule + " -j ACCEPT");
  }
  sh("iptables-nft -A FORWARD -s 10.0.0.0/24 -j DROP");
  EXPECT_THAT(advice(), IsEmpty());
}

TEST_F(TraceByFormTest, MasqueradesBetweenSegmentsHideSources) {
  model::FirewallPolicy router = tests::two_host_policy();
  router.local = {};
  router.ingress = {{"eth0"}, {"eth1"}};
  router.transit = prefixes({"10.0.0.0/24", "10.9.0.0/24"});
  router.ingress[0].transit = prefixes({"10.0.0.0/24"});
  router.ingress[1].transit = prefixes({"10.9.0.0/24"});
  const auto found = [&] { return certain(find_droppers(router)); };
  for (const std::string kind : {"nft", "legacy"}) {
    const std::string nat = "iptables-" + kind + " -t nat ";
    sh(nat + "-A POSTROUTING -o wan -j MASQUERADE; " + nat +
       "-A POSTROUTING -s 10.0.0.0/24 ! -d "
       "10.9.0.0/24 -j MASQUERADE");
    EXPECT_THAT(found(), IsEmpty()) << kind;
    sh(nat + "-A POSTROUTING -s 10.0.0.0/24 -o eth1 -j MASQUERADE");
    ASSERT_THAT(found(), SizeIs(1)) << kind;
    EXPECT_THAT(found()[0], HasSubstr("hides the source of traffic from 10.0.0.0/24 to 10.9"));
    const std::string remedy = found()[0].substr(found()[0].find("remedy: ") + 8);
    sh(remedy);
    EXPECT_THAT(found(), IsEmpty()) << remedy;
    sh(nat + "-F");
  }
  sh("nft 'table ip t { chain c { type nat hook postrouting priority 100; ip saddr 10.9.0.0/24 "
     "snat "
     "to 1.2.3.4\n}; }'");
  EXPECT_THAT(found(), ElementsAre(HasSubstr("nft delete rule ip t c handle ")));
}

}  // namespace
}  // namespace overland::firewall::trace
