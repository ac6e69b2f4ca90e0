#include "firewall/host_firewall.h"

#include <gmock/gmock.h>

namespace overland::firewall {
namespace {

using model::FirewallPolicy;
using model::FirewallVariant;
using testing::ElementsAre;
using testing::IsEmpty;

struct FakeDriver final : Driver {
  std::optional<model::Firewall> there;
  std::optional<base::Error> fault;

  std::optional<model::Firewall> read(const FirewallPolicy& /*desired*/) override {
    if (fault) throw base::Error(*fault);
    return there;
  }
  void write(const std::optional<model::Firewall>& /*from*/, const FirewallPolicy& to) override {
    if (fault) throw base::Error(*fault);
    there = model::Firewall{to, {}};
  }
  void remove() override {
    if (fault) throw base::Error(*fault);
    there.reset();
  }
};

class HostFirewallTest : public testing::Test {
 protected:
  static FirewallPolicy policy(FirewallVariant variant) {
    FirewallPolicy result;
    result.variant = variant;
    return result;
  }

  std::unique_ptr<FakeDriver> owned_nft_ = std::make_unique<FakeDriver>();
  std::unique_ptr<FakeDriver> owned_iptc_ = std::make_unique<FakeDriver>();
  FakeDriver& nft_ = *owned_nft_;
  FakeDriver& iptc_ = *owned_iptc_;
  base::Deadline deadline_{std::chrono::seconds(60)};
  HostFirewall firewall_{deadline_, {}, std::move(owned_nft_), std::move(owned_iptc_)};
};

TEST_F(HostFirewallTest, WritesOneVariantAndClearsTheOther) {
  iptc_.there = model::Firewall{policy(FirewallVariant::kLegacy), {}};
  firewall_.apply({{}, policy(FirewallVariant::kNft)});
  EXPECT_TRUE(nft_.there.has_value());
  EXPECT_FALSE(iptc_.there.has_value());
}

TEST_F(HostFirewallTest, CallsRemnantsOfTheOtherVariantADefect) {
  nft_.there = model::Firewall{policy(FirewallVariant::kNft), {}};
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  iptc_.there = model::Firewall{policy(FirewallVariant::kLegacy), {}};
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects,
              ElementsAre("rules of ours are left in the legacy tables"));
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects,
              ElementsAre("rules of ours are left in the nf_tables variant"));
}

TEST_F(HostFirewallTest, ShowsTheOtherVariantWhereThatIsAllThereIs) {
  iptc_.there = model::Firewall{policy(FirewallVariant::kLegacy), {}};
  EXPECT_EQ(firewall_.read(policy(FirewallVariant::kNft))->policy.variant,
            FirewallVariant::kLegacy);
}

TEST_F(HostFirewallTest, LivesWithoutAVariantTheKernelLacks) {
  iptc_.fault = base::Error(base::ErrorKind::kUnsupported, "no legacy tables");
  firewall_.apply({{}, policy(FirewallVariant::kNft)});
  EXPECT_TRUE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  EXPECT_THROW(firewall_.apply({{}, policy(FirewallVariant::kLegacy)}), base::Error);
}

TEST_F(HostFirewallTest, LivesWithoutAnotherVariantThatCannotBeRead) {
  iptc_.fault = base::Error(base::ErrorKind::kFailure, "legacy table filter: junk");
  firewall_.apply({{}, policy(FirewallVariant::kNft)});
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  EXPECT_THROW(firewall_.read(policy(FirewallVariant::kLegacy)), base::Error);
}

TEST_F(HostFirewallTest, RemovesTheOtherVariantEvenWhenOneFails) {
  iptc_.there = model::Firewall{policy(FirewallVariant::kLegacy), {}};
  nft_.fault = base::Error(base::ErrorKind::kFailure, "broken");
  EXPECT_THROW(firewall_.apply({{}, std::nullopt}), base::Error);
  EXPECT_FALSE(iptc_.there.has_value());
}

}  // namespace
}  // namespace overland::firewall
