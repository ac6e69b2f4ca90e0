#pragma once
// The host's firewall on tables and anchors that only remember what was done to them.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firewall/host_firewall.h"

namespace overland::firewall {

using model::FirewallAnchor;
using model::FirewallPolicy;
using model::FirewallVariant;

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
    ours.clear();
  }
  std::vector<FirewallVariant> closed() override { return ours; }
  void remember_closed(FirewallVariant variant, bool closed) override {
    done.emplace_back(closed ? "remember" : "forget");
    std::erase(ours, variant);
    if (closed) ours.push_back(variant);
  }
  Uncut uncut() override { return left; }
  void remember_uncut(const Uncut& uncut) override { left = uncut; }
  std::vector<FirewallVariant> ours;
  Uncut left;
};

struct FakeAnchors final : Anchors {
  FakeAnchors(Done& all, std::string called) : done(all), name(std::move(called)) {}
  Done& done;
  std::string name;
  bool there = false;
  bool docker = false;
  std::optional<base::Error> fault;

  void check() const {
    if (fault) throw base::Error(*fault);
  }
  Glance glance() override {
    check();
    Glance glance;
    glance.usable = true;
    glance.docker_chains = docker;
    return glance;
  }
  bool foreign_rules() override { return false; }
  AnchorsFound look(const Places& wanted, std::uint32_t /*mark*/) override {
    check();
    if (!there) return {false, wanted.anchor, {name + " jump is missing"}, drops};
    return {true, FirewallAnchor::kDockerUser, {}, drops};
  }
  void set_forward_policy(bool drop) override {
    check();
    done.push_back(name + (drop ? " drops" : " accepts"));
    drops = drop;
  }
  std::vector<std::string> remnants() override { return left; }
  void remove_sets() override {
    if (sets_fault) throw base::Error(*sets_fault);
  }
  bool drops = false;
  std::vector<std::string> left;
  std::optional<base::Error> sets_fault;
  void put(const Places& places, const Marks& marks) override {
    check();
    done.push_back("put " + name + (places.tunnel ? " with INPUT" : "") +
                   (marks.size() > 1 ? ", both marks" : ""));
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
    return {std::move(table), std::move(nft), std::move(legacy),
            [this](const LostTrust&, const base::Deadline&) {
              done_.emplace_back("cut flows");
              if (flows_fault_) throw base::Error(*flows_fault_);
            }};
  }
  /// Nobody is there to be asked who else drops.
  static HostFirewallOptions options() {
    HostFirewallOptions result;
    result.trace = {"/nonexistent", "/nonexistent"};
    return result;
  }

  Done done_;
  FakeTable* table_ = nullptr;
  FakeAnchors* nft_ = nullptr;
  FakeAnchors* legacy_ = nullptr;
  base::Deadline deadline_{std::chrono::seconds(60)};
  std::optional<base::Error> flows_fault_;
  HostFirewall firewall_{deadline_, options(), parts()};
};

}  // namespace overland::firewall
