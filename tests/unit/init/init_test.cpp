// From what hosts say to an inventory that is valid.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "init/compose.h"
#include "init/layout.h"
#include "inventory/inventory.h"
#include "unit/init/said.h"

namespace overland::init {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::found;
using tests::host;
using tests::link;
using tests::route;
using tests::Said;

std::string composed(const std::vector<Said>& all, const std::string& pool = {}) {
  const auto hosts = found(all);
  return compose(lay_out(hosts, model::Prefix::parse(pool)));
}

/// The inventory in it, which has to have no error.
inventory::Inventory inventory_of(const std::string& text) {
  auto loaded = inventory::parse(text);
  EXPECT_TRUE(loaded.inventory) << inventory::render(loaded.diagnostics, "init") << text;
  return loaded.inventory.value_or(inventory::Inventory());
}

TEST(Init, KeepsBipsThatDoNotCollide) {
  const auto inventory =
      inventory_of(composed({host(1, "192.168.101.1"), host(2, "192.168.102.1")}));
  ASSERT_EQ(inventory.hosts.size(), 2U);
  EXPECT_EQ(inventory.hosts[0].name, "h1");
  EXPECT_EQ(inventory.hosts[0].bip->to_string(), "192.168.101.1/24");
  EXPECT_EQ(inventory.hosts[1].bip->to_string(), "192.168.102.1/24");
  ASSERT_EQ(inventory.segments.size(), 1U);
  EXPECT_EQ(inventory.segments[0].subnet.to_string(), "10.0.0.0/24");
  EXPECT_FALSE(inventory.cluster.pool);
}

TEST(Init, GivesNewBipsClearOfAllThatIsSeen) {
  auto one = host(1, "172.17.0.1");
  auto two = host(2, "172.17.0.1");
  one.daemon_json = two.daemon_json = "";
  one.routes = {route("10.100.0.0/16", "10.0.0.254"), route("10.101.7.0/24", "10.0.0.254")};
  two.daemon_json = R"({"default-address-pools":[{"base":"10.102.0.0/16","size":24}]})";
  const std::string text = composed({one, two});
  const auto inventory = inventory_of(text);
  EXPECT_EQ(inventory.cluster.pool->to_string(), "10.103.0.0/16");
  EXPECT_EQ(inventory.hosts[0].bip->to_string(), "10.103.0.1/24");
  EXPECT_EQ(inventory.hosts[1].bip->to_string(), "10.103.1.1/24");
  EXPECT_THAT(text, HasSubstr("# h1: had 172.17.0.1/24, which overlaps that of h2"));
}

TEST(Init, APoolThatIsGivenIsPassedOverWhereItIsTaken) {
  auto one = host(1, "172.17.0.1");
  const auto two = host(2, "172.17.0.1");
  one.routes = {route("10.9.0.0/24", "10.0.0.254")};
  const auto inventory = inventory_of(composed({one, two}, "10.9.0.0/16"));
  EXPECT_EQ(inventory.hosts[0].bip->to_string(), "10.9.1.1/24");
  EXPECT_THROW(composed({host(1, "172.17.0.1"), two}, "10.9.0.0/24"), base::Error);
}

TEST(Init, ABipThatIsTheLansIsReplaced) {
  const auto inventory = inventory_of(composed({host(1, "10.0.0.129"), host(2, "10.1.2.1")}));
  EXPECT_EQ(inventory.hosts[0].bip->to_string(), "10.100.0.1/24");
  EXPECT_EQ(inventory.hosts[1].bip->to_string(), "10.1.2.1/24");
}

TEST(Init, AHostWithTwoSegmentsThatOthersSendByIsARouter) {
  auto one = host(1, "192.168.101.1");
  auto router = host(9, "192.168.109.1");
  auto far = host(2, "192.168.102.1");
  router.links.push_back(link("eth1", "10.7.0.9", 24));
  far.links[0] = link("eth0", "10.7.0.2", 24);
  one.routes = {route("192.168.102.0/24", "10.0.0.9")};
  const auto inventory = inventory_of(composed({one, router, far}));
  EXPECT_EQ(inventory.segments.size(), 2U);
  EXPECT_FALSE(inventory.hosts[0].router);
  EXPECT_TRUE(inventory.hosts[1].router);
}

TEST(Init, SaysWhatThePublishedRecipeLeft) {
  auto one = host(1, "192.168.101.1");
  const auto two = host(2, "192.168.102.1");
  one.routes = {route("192.168.102.0/24", "10.0.0.2"), route("192.168.103.0/24", "10.0.0.3")};
  one.forward = "-P FORWARD ACCEPT";
  one.nat = "-A POSTROUTING -s 192.168.101.0/24 ! -d 192.168.0.0/16 -j MASQUERADE";
  const std::string text = composed({one, two});
  inventory_of(text);
  EXPECT_THAT(text, HasSubstr("apply --adopt"));
  EXPECT_THAT(text, HasSubstr("leads to 192.168.103.0/24 by 10.0.0.3"));
  EXPECT_THAT(text, HasSubstr("the policy of FORWARD is ACCEPT"));
  EXPECT_THAT(text, HasSubstr("a MASQUERADE rule"));
}

TEST(Init, KnowsFlannelWeaveAndTheOldOverlay) {
  auto one = host(1, "10.5.1.1");
  one.daemon_json = R"({"cluster-store":"consul://10.0.0.5:8500"})";
  one.dockerd = "/usr/bin/dockerd\n--bip=10.5.1.1/24\n--mtu=1450\n--cluster-advertise=eth0:2376";
  one.flannel = "FLANNEL_NETWORK=10.5.0.0/16";
  one.links.push_back(link("flannel.1", "10.5.1.0", 32, R"(,"linkinfo":{"info_kind":"vxlan"})"));
  one.links.push_back(link("weave", "10.32.0.1", 12));
  const std::string text = composed({one, host(2, "10.5.2.1")});
  const auto inventory = inventory_of(text);
  EXPECT_EQ(inventory.segments.size(), 1U);
  EXPECT_EQ(inventory.hosts[0].bip->to_string(), "10.5.1.1/24");
  for (const char* const word : {"flannel: stop it", "weave: its containers", "says cluster-store",
                                 "cluster-advertise in dockerd's", "remove the option"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
}

std::string network(const std::string& name, const std::string& subnet) {
  return R"([{"Name":")" + name + R"(","Driver":"bridge","IPAM":{"Config":[{"Subnet":")" + subnet +
         R"("}]}}])";
}

TEST(Init, ANetworkThatOthersReachTodayIsTakenIn) {
  auto one = host(1, "192.168.101.1");
  auto two = host(2, "192.168.102.1");
  one.networks = network("web", "10.8.1.0/24");
  two.networks = network("web", "10.8.2.0/24");
  EXPECT_THAT(composed({one, two}), HasSubstr("# name   = \"web\""));
  EXPECT_TRUE(inventory_of(composed({one, two})).networks.empty());
  one.routes = {route("10.8.2.0/24", "10.0.0.2")};
  two.routes = {route("10.8.1.0/24", "10.0.0.1")};
  const auto inventory = inventory_of(composed({one, two}));
  ASSERT_EQ(inventory.networks.size(), 1U);
  EXPECT_EQ(inventory.networks[0].maker, model::NetworkMaker::kOthers);
  EXPECT_TRUE(inventory.hosts[1].networks);
}

TEST(Init, NothingThatAHostSaysBecomesTomlOfItsOwn) {
  const std::string evil = "x\\\"\\n[[host]]\\nname = \\\"evil\\\"";
  auto one = host(1, "192.168.101.1");
  one.networks = network(evil, "10.8.1.0/24");
  one.links.push_back(link("e\\n[[host]]", "10.7.0.1", 24,
                           R"(,"link":"\n[firewall]","linkinfo":{"info_kind":"vlan",)"
                           R"("info_data":{"id":7}})"));
  auto two = host(2, "192.168.102.1");
  two.hostname = "evil\"\nbip = \"10.0.0.1/24\"";
  const std::string text = composed({one, two, host(3, "192.168.103.1")});
  const auto inventory = inventory_of(text);
  EXPECT_EQ(inventory.hosts.size(), 2U);
  EXPECT_TRUE(inventory.networks.empty());
  EXPECT_THAT(text, HasSubstr("NOT HERE: this host calls itself"));
  for (const std::string& line :
       {std::string("\n[[host]]\nname = \"evil"), std::string("\n[firewall]")}) {
    EXPECT_THAT(text, Not(HasSubstr(line)));
  }
}

TEST(Init, ANameThatIsNoneOrAnothersIsLeftOut) {
  for (const char* const name : {"", "localhost", "a b", "-a", "a..b", "ä", "a_b"}) {
    auto odd = host(1, "192.168.101.1");
    odd.hostname = name;
    const auto hosts = found({odd, host(2, "192.168.102.1")});
    EXPECT_EQ(lay_out(hosts, {}).left_out.size(), 1U) << name;
  }
  const auto twice = found({host(1, "192.168.101.1"), host(1, "192.168.102.1")});
  EXPECT_EQ(lay_out(twice, {}).left_out.size(), 1U);
}

TEST(Init, AddressesOfTwoHostsAreOneHosts) {
  auto one = host(1, "192.168.101.1");
  auto two = host(2, "192.168.102.1");
  one.links.push_back(link("eth0:vip", "10.0.0.100", 24));
  two.links.push_back(link("eth0:vip", "10.0.0.100", 24));
  const std::string text = composed({one, two});
  EXPECT_EQ(inventory_of(text).hosts[1].addresses.size(), 1U);
  EXPECT_THAT(text, HasSubstr("which is another host's above"));
}

TEST(Init, ABridgeThatDockerWasGivenStays) {
  auto two = host(2, "192.168.102.1");
  two.links[1] = link("br0", "192.168.102.1", 24, R"(,"linkinfo":{"info_kind":"bridge"})");
  two.daemon_json = R"({"bridge":"br0"})";
  auto three = host(3, "192.168.103.1");
  three.links[1] = link("br-old", "192.168.103.1", 24);
  three.daemon_json = "";
  three.dockerd = "dockerd\n-b\nbr-old";
  auto four = host(4, "192.168.104.1");
  four.links.pop_back();
  four.daemon_json = R"({"bridge":"none"})";
  const std::string text = composed({host(1, "192.168.101.1"), two, three, four});
  const auto inventory = inventory_of(text);
  EXPECT_EQ(inventory.segments.size(), 1U);
  EXPECT_EQ(inventory.hosts[1].bip->to_string(), "192.168.102.1/24");
  EXPECT_EQ(inventory.hosts[1].docker.bridge, "br0");
  EXPECT_EQ(inventory.hosts[1].docker.daemon_json, model::DaemonJsonMode::kOff);
  EXPECT_EQ(inventory.hosts[2].docker.bridge, "br-old");
  EXPECT_FALSE(inventory.hosts[3].bip);
}

TEST(Init, ABridgeThatIsNotThereOrNoNameIsToldOnly) {
  for (const char* const name : {"br7", "br0\\\"\\n[[host]]"}) {
    auto two = host(2, "192.168.102.1");
    two.daemon_json = std::string(R"({"bridge":")") + name + R"("})";
    const std::string text = composed({host(1, "192.168.101.1"), two});
    EXPECT_EQ(inventory_of(text).hosts.size(), 2U);
    EXPECT_THAT(text, HasSubstr("# h2: Docker was told to use the bridge"));
    EXPECT_THAT(text, Not(HasSubstr("bridge  =")));
  }
}

TEST(Init, ABridgeOfItsOwnIsGivenItsNewBipByHand) {
  auto one = host(1, "192.168.101.1");
  auto two = host(2, "192.168.101.1");
  two.links[1] = link("br0", "192.168.101.1", 24);
  two.daemon_json = R"({"bridge":"br0"})";
  EXPECT_THAT(composed({one, two}), HasSubstr("# h2: Docker uses the bridge br0, which somebody"));
}

TEST(Answers, OfMoreThanAHostHasAreRefused) {
  Said said = host(1, "192.168.101.1");
  for (int i = 0; i < 4096; ++i) {
    said.links.push_back(
        link("e" + std::to_string(i),
             "11." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1", 24));
  }
  EXPECT_THROW(read_found(said.text()), base::Error);
}

TEST(Answers, ThatAreCutOffOrNoneAreRefused) {
  const std::string whole = host(1, "192.168.101.1").text();
  EXPECT_THROW(read_found(whole.substr(0, whole.size() - 6)), base::Error);
  EXPECT_THROW(read_found("bash: sh: command not found\n"), base::Error);
  EXPECT_THROW(read_found(Said{}.text()), base::Error);  // no link at all
}

TEST(Answers, OfTheWrongTypesAreNothing) {
  Said said = host(1, "192.168.101.1");
  said.links.push_back(R"({"ifname":7,"addr_info":{"family":1},"linkinfo":[]})");
  said.links.emplace_back("null");
  said.routes = {"[]", R"({"dst":1})", R"({"dst":"::/0","gateway":"fe80::1"})",
                 R"({"dst":"1.2.3.0/24","nexthops":"x"})"};
  said.daemon_json = R"({"bip":["x"],"default-address-pools":{"base":1}})";
  said.networks = R"([1,{"Name":1},{"Name":"x","Driver":"bridge","IPAM":[]}])";
  const Found found = read_found(said.text());
  EXPECT_EQ(found.bip->to_string(), "192.168.101.1/24");
}

TEST(Answers, ALineOfAFileIsNoHeading) {
  Said said = host(1, "192.168.101.1");
  said.flannel = "@hostname\n@end";
  EXPECT_EQ(read_found(said.text()).name, "h1");
}

}  // namespace
}  // namespace overland::init
