#include "reconcile/saved_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "unit/states.h"

namespace overland {
namespace {

using namespace tests;
using reconcile::SavedState;

class Saved : public ::testing::Test {
 protected:
  Saved()
      : file(std::filesystem::path(testing::TempDir()) / std::to_string(::getpid()) / "state") {}
  ~Saved() override { std::filesystem::remove_all(file.parent_path()); }

  void write(const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    ::chmod(file.c_str(), 0600);
  }

  std::filesystem::path file;
};

model::Prefix prefix(const char* text) { return *model::Prefix::parse(text); }

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All there is, as its golden file has it.
SavedState everything() {
  SavedState state;
  state.subnets.add("docker-200", {prefix("192.168.100.0/24"), prefix("192.168.90.0/24")});
  state.subnets.add("docker-201", {prefix("192.168.200.0/24")});
  state.generation = 7;
  state.inventory_hash = "0123456789abcdef";
  state.sysctls["net.ipv4.ip_forward"] = {"0", "1"};
  state.sysctls["net/ipv4/conf/caf\xe9/rp_filter"] = {"1", "2"};
  state.daemon_keys["bip"] = {std::nullopt, "\"192.168.100.1/24\""};
  state.daemon_json = "{ \"labels\": [\"caf\xe9\"] }\n";
  state.unread_by = "42:1000";
  state.unknown = R"({"later":{"a":[1]}})";
  state.held_trust = {prefix("172.16.10.0/24")};
  state.held_subnets.add("docker-201", {prefix("192.168.201.0/24")});
  return state;
}

/// Before a changed bip took nothing away.
SavedState without_held_subnets() {
  auto state = everything();
  state.held_subnets = {};
  return state;
}

/// Before trust was by host unless the file says otherwise.
SavedState without_trust() {
  auto state = without_held_subnets();
  state.held_trust.reset();
  return state;
}

/// What overland 0.1 wrote at first.
SavedState first() {
  SavedState state;
  state.sysctls["net.ipv4.ip_forward"] = {"0", "1"};
  state.daemon_keys["bip"] = {std::nullopt, "\"192.168.100.1/24\""};
  state.daemon_json = "{ \"debug\": true }\n";
  state.unread_by = "42:1000";
  return state;
}

TEST_F(Saved, ComesBackAsItWasWritten) {
  reconcile::store_saved(file, everything());
  EXPECT_EQ(reconcile::load_saved(file), everything());
}

TEST_F(Saved, IsEmptyWhereThereIsNoFile) { EXPECT_EQ(reconcile::load_saved(file), SavedState{}); }

TEST_F(Saved, ReadsWhatEachReleaseWrote) {
  const std::filesystem::path golden = OVERLAND_GOLDEN;
  write(content(golden / "state-1-first.json"));
  EXPECT_EQ(reconcile::load_saved(file), first());
  for (const char* name : {"state-1-lines.json", "state-1-no-trust.json"}) {
    write(content(golden / name));
    EXPECT_EQ(reconcile::load_saved(file), without_trust());
  }
  write(content(golden / "state-1-no-held-subnets.json"));
  EXPECT_EQ(reconcile::load_saved(file), without_held_subnets());
  write(content(golden / "state-1.json"));
  EXPECT_EQ(reconcile::load_saved(file), everything());
  reconcile::store_saved(file, everything());
  EXPECT_EQ(content(file), content(golden / "state-1.json"));
}

TEST_F(Saved, SubnetsWrittenByAnOlderReleaseAreTheNewerOnes) {
  write(
      R"({"version":1,"hosts":1,"bridge_subnets":"a 10.1.0.0/24\n","subnets":["b 10.2.0.0/24"]})");
  const auto state = reconcile::load_saved(file);
  EXPECT_EQ(state.subnets.text(), "b 10.2.0.0/24\n");
  reconcile::store_saved(file, state);
  EXPECT_EQ(content(file).find("\"subnets\""), std::string::npos);
}

TEST_F(Saved, KeepsWhatALaterReleaseWroteBeside) {
  write(R"({"version":1,"hosts":3,"later":[1,{"b":null}]})");
  auto state = reconcile::load_saved(file);
  EXPECT_EQ(state.doubt, "");
  state.unread_by = "1:1";
  reconcile::store_saved(file, state);
  EXPECT_EQ(reconcile::load_saved(file).unknown, R"({"later":[1,{"b":null}]})");
}

TEST_F(Saved, BytesThatLookEscapedComeBack) {
  SavedState state;
  state.daemon_json = "hex:zz";
  reconcile::store_saved(file, state);
  EXPECT_EQ(reconcile::load_saved(file), state);
}

TEST_F(Saved, WhatCannotBeUnderstoodIsSetAside) {
  const std::filesystem::path damaged = file.string() + ".damaged-1";
  const std::filesystem::path later = file.string() + ".7-1";
  for (const char* text :
       {"", "{", "[]", "\xff", R"({"version":7,"hosts":1})", R"({"version":1,"sysctls":"x"})",
        R"({"version":1,"subnets":["a b"]})", R"({"version":1,"bridge_subnets":"a b\n"})",
        R"({"version":1,"daemon_json":"hex:0"})", R"({"version":1,"held_trust":["10.0.0.1/24"]})",
        R"({"version":1,"held_trust":7})", R"({"version":1,"closed_forward":{"nft":1}})"}) {
    SCOPED_TRACE(text);
    write(text);
    auto state = reconcile::load_saved(file);
    EXPECT_NE(state.doubt.find(file.string()), std::string::npos);
    state.doubt.clear();
    EXPECT_EQ(state, SavedState{});
    EXPECT_EQ(content(file), text);  // looking changes nothing
    state.doubt = "known";
    reconcile::store_saved(file, state);
    reconcile::store_saved(file, everything());  // a later pass of the same run
    EXPECT_EQ(reconcile::load_saved(file).doubt, "");
    const auto& aside = std::filesystem::exists(later) ? later : damaged;
    EXPECT_EQ(content(aside), text);
    std::filesystem::remove(aside);
    EXPECT_FALSE(std::filesystem::exists(file.string() + ".damaged-2"));
  }
}

TEST_F(Saved, NestingAndNumbersNobodyWroteAreDamage) {
  const std::string deep =
      R"({"version":1,"x":)" + std::string(300000, '[') + std::string(300000, ']') + "}";
  for (const std::string& text :
       {deep, std::string(R"({"version":1,"generation":1e300})"),
        std::string(R"({"version":1,"generation":18446744073709551615})"),
        std::string(R"({"version":true})"), std::string(R"({"version":1.9})")}) {
    write(text);
    EXPECT_THAT(reconcile::load_saved(file).doubt, testing::HasSubstr("is damaged"));
  }
}

TEST_F(Saved, AtMostFiveAreKeptAside) {
  for (int number = 0; number < 9; ++number) {
    write(std::to_string(number));
    reconcile::store_saved(file, reconcile::load_saved(file));
  }
  const auto folder = std::filesystem::directory_iterator(file.parent_path());
  EXPECT_EQ(std::distance(begin(folder), end(folder)), 6);
  EXPECT_EQ(content(file.string() + ".damaged-1"), "0");
  EXPECT_EQ(content(file.string() + ".damaged-5"), "8");
}

TEST_F(Saved, DoesNotBelieveAFileOthersMayWrite) {
  reconcile::store_saved(file, everything());
  ::chmod(file.c_str(), 0666);
  EXPECT_NE(reconcile::load_saved(file).doubt, "");
  EXPECT_EQ(reconcile::load_saved(file).sysctls.size(), 0U);
}

TEST_F(Saved, KeepsNothingInAFolderOthersMayWrite) {
  reconcile::store_saved(file, everything());
  ::chmod(file.parent_path().c_str(), 0777);
  EXPECT_NE(reconcile::load_saved(file).doubt, "");
  EXPECT_THROW(reconcile::store_saved(file, {}), base::Error);
}

TEST_F(Saved, ALargeDaemonJsonIsReadAgain) {
  SavedState state;
  state.daemon_json = std::string(std::size_t{1} << 20U, '\x01');  // six bytes each, escaped
  reconcile::store_saved(file, state);
  EXPECT_EQ(reconcile::load_saved(file), state);
}

TEST_F(Saved, ForgettingRemovesWhatIsOursAndKeepsWhatIsNot) {
  reconcile::store_saved(file, everything());
  reconcile::forget_saved(file);
  EXPECT_FALSE(std::filesystem::exists(file));
  write("junk");
  reconcile::forget_saved(file);
  EXPECT_EQ(content(file.string() + ".damaged-1"), "junk");
  reconcile::forget_saved(file);
}

TEST_F(Saved, DoesNotFollowASymbolicLink) {
  write("precious");
  const auto link = file.parent_path() / "link";
  std::filesystem::create_symlink(file, link);
  reconcile::store_saved(link, {});
  std::ifstream target(file);
  std::string text;
  target >> text;
  EXPECT_EQ(text, "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(link));
}

TEST_F(Saved, KeepsWhatIsOfOneBoot) {
  SavedState state;
  state.sysctls["net.ipv4.ip_forward"] = {"0", "1", "a boot"};
  model::ForeignRoute route{prefix("10.1.0.0/24"), 7, 4, {addr("10.0.0.9")}, "eth0"};
  route.source = addr("10.0.0.1");
  state.adopted = {{route, "a boot"}};
  state.closed_forward = {{model::FirewallVariant::kLegacy, "a boot"}};
  reconcile::store_saved(file, state);
  const auto loaded = reconcile::load_saved(file);
  EXPECT_EQ(loaded.doubt, "");
  EXPECT_EQ(loaded.unknown, "");
  EXPECT_EQ(loaded.adopted, state.adopted);
  EXPECT_EQ(loaded.closed_forward, state.closed_forward);
  EXPECT_EQ(loaded.sysctls, state.sysctls);
}

TEST_F(Saved, WhoIsToBeOnNetworksComesBackAsItWas) {
  SavedState state;
  state.moving["app"] = {{.id = "c1",
                          .name = "web",
                          .network = "n1",
                          .address = addr("192.168.110.9"),
                          .endpoint = R"({"Aliases":["a"],"MacAddress":"02:00:00:00:00:09"})",
                          .running = true},
                         {.id = "c2", .name = "d\xff"}};
  state.network_ids["app"] = {"n0", "n1"};
  state.network_subnets.add("a/app", {prefix("192.168.110.0/24")});
  reconcile::store_saved(file, state);
  EXPECT_EQ(reconcile::load_saved(file), state);
}

}  // namespace
}  // namespace overland
