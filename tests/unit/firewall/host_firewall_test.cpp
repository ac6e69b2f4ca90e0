// In which order table and anchors are written and removed, and what is made of what is read.

#include "firewall/host_firewall.h"

#include <gmock/gmock.h>

namespace overland::firewall {
namespace {

using model::FirewallAnchor;
using model::FirewallPolicy;
using model::FirewallVariant;
using testing::ElementsAre;
using testing::IsEmpty;

/// Told what was done, in order.
using Done = std::vector<std::string>;

struct FakeTable final : PolicyTable {
  explicit FakeTable(Done& all) : done(all) {}
  Done& done;
  std::optional<model::Firewall> there;
  std::optional<base::Error> fault;

  std::optional<model::Firewall> read(const FirewallPolicy& desired) override {
    if (fault) throw base::Error(*fault);
    if (there) there->policy.variant = desired.variant;
    return there;
  }
  void write(const FirewallPolicy& to) override {
    if (fault) throw base::Error(*fault);
    done.emplace_back("write table");
    there = model::Firewall{to, {}};
  }
  void remove() override {
    if (fault) throw base::Error(*fault);
    done.emplace_back("remove table");
    there.reset();
  }
};

struct FakeAnchors final : Anchors {
  FakeAnchors(Done& all, std::string called) : done(all), name(std::move(called)) {}
  Done& done;
  std::string name;
  bool there = false;
  std::optional<base::Error> fault;

  void check() const {
    if (fault) throw base::Error(*fault);
  }
  Glance glance() override {
    check();
    return {};
  }
  bool foreign_rules() override { return false; }
  AnchorsFound look(FirewallAnchor wanted, std::uint32_t /*mark*/) override {
    check();
    if (!there) return {false, wanted, {name + " jump is missing"}};
    return {true, FirewallAnchor::kDockerUser, {}};
  }
  void put(FirewallAnchor /*anchor*/, const Marks& marks) override {
    check();
    done.push_back("put " + name + (marks.size() > 1 ? ", both marks" : ""));
    there = true;
  }
  void remove() override {
    check();
    done.push_back("remove " + name);
    there = false;
  }
};

class HostFirewallTest : public testing::Test {
 protected:
  static FirewallPolicy policy(FirewallVariant variant) {
    FirewallPolicy result;
    result.variant = variant;
    return result;
  }
  void write(FirewallVariant variant) { firewall_.apply({{}, policy(variant)}); }
  FirewallParts parts() {
    auto table = std::make_unique<FakeTable>(done_);
    auto nft = std::make_unique<FakeAnchors>(done_, "nft");
    auto legacy = std::make_unique<FakeAnchors>(done_, "legacy");
    table_ = table.get();
    nft_ = nft.get();
    legacy_ = legacy.get();
    return {std::move(table), std::move(nft), std::move(legacy)};
  }

  Done done_;
  FakeTable* table_ = nullptr;
  FakeAnchors* nft_ = nullptr;
  FakeAnchors* legacy_ = nullptr;
  base::Deadline deadline_{std::chrono::seconds(60)};
  HostFirewall firewall_{deadline_, {}, parts()};
};

TEST_F(HostFirewallTest, WritesTheTableFirstThenTheAnchorsThenClearsTheOthers) {
  write(FirewallVariant::kLegacy);
  EXPECT_THAT(done_, ElementsAre("write table", "put legacy", "remove nft"));
  done_.clear();
  write(FirewallVariant::kNft);
  EXPECT_THAT(done_, ElementsAre("write table", "put nft", "remove legacy"));
}

TEST_F(HostFirewallTest, AcceptsBothMarksWhileTheMarkChanges) {
  FirewallPolicy from = policy(FirewallVariant::kNft);
  from.mark = 0x40;
  FirewallPolicy to = from;
  to.mark = 0x80;
  firewall_.apply({from, to});
  EXPECT_THAT(done_, ElementsAre("put nft, both marks", "write table", "put nft", "remove legacy"));
}

TEST_F(HostFirewallTest, RemovesTheTableLast) {
  firewall_.apply({policy(FirewallVariant::kLegacy), std::nullopt});
  EXPECT_THAT(done_, ElementsAre("remove legacy", "remove nft", "remove table"));
}

TEST_F(HostFirewallTest, KeepsTheTableWhileItsAnchorsCannotBeRemoved) {
  legacy_->fault = base::Error(base::ErrorKind::kLocked, "held");
  EXPECT_THROW(firewall_.apply({policy(FirewallVariant::kLegacy), std::nullopt}), base::Error);
  EXPECT_THAT(done_, ElementsAre("remove nft"));
}

TEST_F(HostFirewallTest, RemovesTheRestWhereTheOtherVariantFails) {
  legacy_->fault = base::Error(base::ErrorKind::kFailure, "broken");
  EXPECT_THROW(firewall_.apply({policy(FirewallVariant::kNft), std::nullopt}), base::Error);
  EXPECT_THAT(done_, ElementsAre("remove nft", "remove table"));
}

TEST_F(HostFirewallTest, WritesNoAnchorWithoutTheTable) {
  table_->fault = base::Error(base::ErrorKind::kUnsupported, "the kernel has no nf_tables");
  EXPECT_THROW(write(FirewallVariant::kLegacy), base::Error);
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(HostFirewallTest, CallsRemnantsOfTheOtherVariantADefect) {
  write(FirewallVariant::kNft);
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  legacy_->there = true;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects,
              ElementsAre("rules of ours are left in the legacy tables"));
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects,
              ElementsAre("rules of ours are left in the nf_tables variant"));
}

TEST_F(HostFirewallTest, TheVariantInForceIsWhereAnchorsStand) {
  write(FirewallVariant::kLegacy);
  const auto found = firewall_.read(policy(FirewallVariant::kNft));
  EXPECT_EQ(found->policy.variant, FirewallVariant::kLegacy);
  EXPECT_THAT(found->defects, IsEmpty());
  legacy_->there = false;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects,
              ElementsAre("nft jump is missing"));
}

TEST_F(HostFirewallTest, AnchorsWithoutATableAreNoPolicy) {
  EXPECT_FALSE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  legacy_->there = true;
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kLegacy))->defects,
              ElementsAre("table ip overland is missing"));
}

TEST_F(HostFirewallTest, LivesWithoutAVariantTheKernelLacks) {
  legacy_->fault = base::Error(base::ErrorKind::kUnsupported, "no legacy tables");
  write(FirewallVariant::kNft);
  EXPECT_TRUE(firewall_.read(policy(FirewallVariant::kNft)).has_value());
  EXPECT_THROW(write(FirewallVariant::kLegacy), base::Error);
}

TEST_F(HostFirewallTest, LivesWithoutAnotherVariantThatCannotBeRead) {
  legacy_->fault = base::Error(base::ErrorKind::kFailure, "legacy table filter: junk");
  write(FirewallVariant::kNft);
  EXPECT_THAT(firewall_.read(policy(FirewallVariant::kNft))->defects, IsEmpty());
  EXPECT_THROW(firewall_.read(policy(FirewallVariant::kLegacy)), base::Error);
}

}  // namespace
}  // namespace overland::firewall
