#include "model/facts_sum.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace overland::model {
namespace {

template <typename Facts>
std::uint64_t sum(const Facts& facts) {
  base::Digest digest(7);
  add(facts, digest);
  return digest.value();
}

/// How many different sums there are of `facts` and of what each of `changes` makes of it.
template <typename Facts>
std::size_t different(const Facts& facts, const std::vector<std::function<void(Facts&)>>& changes) {
  std::set<std::uint64_t> sums = {sum(facts)};
  for (const auto& change : changes) {
    Facts other = facts;
    change(other);
    sums.insert(sum(other));
  }
  return sums.size();
}

std::vector<LinkFacts> links() {
  LinkFacts eth0;
  eth0.name = "eth0";
  eth0.up = eth0.carrier = true;
  eth0.mtu = 1500;
  eth0.addresses = {*InterfaceAddress::parse("10.0.0.200/24")};
  LinkFacts docker0;
  docker0.name = "docker0";
  docker0.bridge = true;
  return {docker0, eth0};
}

TEST(FactsSum, SeesAllThatMayChangeOfALink) {
  using Links = std::vector<LinkFacts>;
  const std::vector<std::function<void(Links&)>> changes = {
      [](Links& all) { all.pop_back(); },
      [](Links& all) { all[1].name = "eth1"; },
      [](Links& all) { all[1].up = false; },
      [](Links& all) { all[1].carrier = false; },
      [](Links& all) { all[0].wired = true; },
      [](Links& all) { all[0].bridge = false; },
      [](Links& all) { all[1].mtu = 1400; },
      [](Links& all) { all[1].vlan = 10; },
      [](Links& all) { all[1].parent = "eth9"; },
      [](Links& all) { all[1].ours = true; },
      [](Links& all) { all[1].addresses.clear(); },
      [](Links& all) { all[1].vxlan.emplace(); },
      [](Links& all) { all[1].vxlan.emplace().as_we_make_it = false; },
      [](Links& all) { all[1].addresses[0].length = 16; },
      [](Links& all) { all[1].addresses[0].address = Address::from_ipv4(7); },
  };
  EXPECT_EQ(different(links(), changes), changes.size() + 1);
}

TEST(FactsSum, LeavesToSysctlsWhatIsOne) {
  auto filtered = links();
  filtered[1].rp_filter = 1;
  EXPECT_EQ(sum(links()), sum(filtered));
}

DockerFacts docker() {
  DockerFacts facts;
  facts.installed = facts.running = facts.networks_known = true;
  facts.instance = "1:2:3";
  facts.version = "28.5.2";
  facts.address_pools = {*Prefix::parse("172.17.0.0/16")};
  DockerNetwork web;
  web.name = "web";
  web.id = "0123";
  web.subnets = {*Prefix::parse("172.18.0.0/16")};
  web.ours.emplace();
  facts.networks = {web};
  return facts;
}

TEST(FactsSum, SeesAllThatMayChangeOfDocker) {
  const std::vector<std::function<void(DockerFacts&)>> changes = {
      [](DockerFacts& it) { it.installed = false; },
      [](DockerFacts& it) { it.running = false; },
      [](DockerFacts& it) { it.instance = "1:3:3"; },
      [](DockerFacts& it) { it.version = "28.5.3"; },
      [](DockerFacts& it) { it.flags = {"--bridge=br0"}; },
      [](DockerFacts& it) { it.live_restore = true; },
      [](DockerFacts& it) { it.address_pools.clear(); },
      [](DockerFacts& it) { it.networks_known = false; },
      [](DockerFacts& it) { it.networks.clear(); },
      [](DockerFacts& it) { it.networks[0].id = "4567"; },
      [](DockerFacts& it) { it.networks[0].subnets.clear(); },
      [](DockerFacts& it) { it.networks[0].open_from = {""}; },
      [](DockerFacts& it) { it.networks[0].link = "br-1"; },
      [](DockerFacts& it) { it.networks[0].ours.reset(); },
      [](DockerFacts& it) { it.networks[0].ours->options["mtu"] = "1400"; },
      [](DockerFacts& it) { it.networks[0].ours->gateway = Address(); },
      [](DockerFacts& it) { it.firewall_backend = "nftables"; },
      [](DockerFacts& it) { it.drops_forwarded = false; },
      [](DockerFacts& it) { it.configured_backend = "nftables"; },
      [](DockerFacts& it) { it.unknown.push_back({}); },
  };
  EXPECT_EQ(different(docker(), changes), changes.size() + 1);
}

TEST(FactsSum, DoesNotAskWhoUsesANetwork) {
  auto asked = docker();
  asked.networks[0].members.emplace().push_back({"0123", "web1"});
  EXPECT_EQ(sum(docker()), sum(asked));
}

}  // namespace
}  // namespace overland::model
