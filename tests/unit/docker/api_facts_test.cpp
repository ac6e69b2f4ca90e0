#include "docker/api_facts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "docker/api_json.h"

namespace overland::docker {
namespace {

std::vector<model::Prefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<model::Prefix> list;
  for (const char* text : texts) {
    const auto prefix = model::Prefix::parse(text);
    EXPECT_TRUE(prefix) << text;
    if (prefix) list.push_back(*prefix);
  }
  return list;
}

TEST(ParseNetworks, KnowsWhatDockerLeavesOpen) {
  const auto open_from = [](const std::string& options) {
    return parse_networks(R"([{"Name":"n","Driver":"bridge","Id":"0123456789abcdef","Options":{)" +
                          options + "}}]")
        .at(0)
        .open_from;
  };
  const std::string label = R"("com.docker.network.bridge.)";
  EXPECT_TRUE(open_from("").empty());
  EXPECT_TRUE(open_from(label + R"(gateway_mode_ipv4":"isolated")").empty());
  const std::vector<std::string> all = {""};
  EXPECT_EQ(open_from(label + R"(gateway_mode_ipv4":"routed")"), all);
  EXPECT_EQ(open_from(label + R"(gateway_mode_ipv4":"nat-unprotected")"), all);
  const std::vector<std::string> two = {"eth0", "eth1"};
  EXPECT_EQ(open_from(label + R"(trusted_host_interfaces":"eth1:eth0")"), two);
}

TEST(ParseNetworks, KnowTheirParentsThoseOfDockersOwnToo) {
  const auto parent = [](const std::string& driver, const std::string& options) {
    return parse_networks(R"([{"Name":"n","Id":"0123456789abcdef","Driver":")" + driver +
                          R"(","Options":)" + options + "}]")
        .at(0)
        .parent;
  };
  EXPECT_EQ(parent("macvlan", R"({"parent":"eth0.10"})"), "eth0.10");
  EXPECT_EQ(parent("macvlan", "{}"), "dm-0123456789ab");
  EXPECT_EQ(parent("ipvlan", "null"), "di-0123456789ab");
  EXPECT_EQ(parent("bridge", R"({"parent":"eth0"})"), "");
}

std::string fault_of(const std::string& info) {
  model::DockerFacts facts;
  try {
    read_info(info, facts);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "none";
}

TEST(DockerApiFacts, TakesNoAnswerThatFillsTheMemory) {
  const auto ends = [](const std::string& info, const char* words) {
    EXPECT_NE(fault_of(info).find(words), std::string::npos) << fault_of(info);
  };
  ends(std::string(std::size_t{16} << 20U, '['), "nested too deep");
  ends("{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}", "nested too deep");
  std::string wide = "{\"a\":[[]";
  for (int i = 0; i < 600'000; ++i) wide += ",[]";
  ends(wide + "]}", "too many values");
  EXPECT_EQ(fault_of("{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}"), "none");
}

TEST(DockerApi, RefusesInItsOwnWords) {
  EXPECT_EQ(words_of_refusal("{\"message\":\"network app not found\"}\n"), "network app not found");
  EXPECT_EQ(words_of_refusal("none\n"), "none");
  EXPECT_EQ(words_of_refusal("[1]"), "[1]");
  EXPECT_EQ(words_of_refusal("{\"message\":7}"), "{\"message\":7}");
}

TEST(DockerApiFacts, ReadsInfoOfEveryEngine) {
  model::DockerFacts old;
  read_info(R"({"ID":"X","ServerVersion":"20.10.24+dfsg1","LiveRestoreEnabled":false,
                "DefaultAddressPools":null,"Warnings":null})",
            old);
  EXPECT_EQ(old.version, "20.10.24+dfsg1");
  EXPECT_FALSE(old.live_restore);
  EXPECT_EQ(old.firewall_backend, "");
  EXPECT_EQ(old.address_pools, builtin_address_pools());

  model::DockerFacts recent;
  read_info(R"({"ServerVersion":"28.5.2","LiveRestoreEnabled":true,
                "FirewallBackend":{"Driver":"iptables+firewalld","Info":[["a","b"]]},
                "DefaultAddressPools":[{"Base":"10.200.0.0/16","Size":24}]})",
            recent);
  EXPECT_TRUE(recent.live_restore);
  EXPECT_EQ(recent.firewall_backend, "iptables+firewalld");
  EXPECT_EQ(recent.address_pools, prefixes({"10.200.0.0/16"}));

  model::DockerFacts newest;
  read_info(R"({"ServerVersion":"29.7.2","FirewallBackend":{"Driver":"nftables"}})", newest);
  EXPECT_EQ(newest.firewall_backend, "nftables");
}

TEST(DockerApiFacts, BuiltinPoolsCoverWhatDockerPicksFrom) {
  EXPECT_EQ(builtin_address_pools(),
            prefixes({"172.17.0.0/16", "172.18.0.0/16", "172.19.0.0/16", "172.20.0.0/14",
                      "172.24.0.0/14", "172.28.0.0/14", "192.168.0.0/16"}));
}

TEST(DockerApiFacts, ReadsPoolsAsDaemonJsonSpellsThem) {
  EXPECT_EQ(parse_address_pools(R"([{"base":"10.0.0.1/8","size":24},{"base":"x","size":1}])"),
            prefixes({"10.0.0.0/8"}));
  EXPECT_THROW(parse_address_pools("5"), base::Error);
}

TEST(DockerApiFacts, ReadsNetworks) {
  const auto networks = parse_networks(R"([
    {"Name":"web_default","Id":"0123456789abcdef0123","Driver":"bridge","Options":{},
     "IPAM":{"Driver":"default","Options":null,"Config":[
       {"Subnet":"fd00:1::/64"},{"Subnet":"172.18.3.7/16","Gateway":"172.18.0.1"}]}},
    {"Name":"named","Id":"ff","Driver":"bridge","Options":{"com.docker.network.bridge.name":"web0"},
     "IPAM":{"Config":[{"Subnet":"10.9.0.0/24"}]}},
    {"Name":"lan","Id":"aa","Driver":"macvlan","Options":null,
     "IPAM":{"Config":[{"Subnet":"172.16.10.0/24"}]}},
    {"Name":"bare","Id":"bb","Driver":"bridge","IPAM":{"Config":null}},
    {"Name":"bridge","Id":"cc","Driver":"bridge","Options":
      {"com.docker.network.bridge.default_bridge":"true","com.docker.network.bridge.name":"docker0"},
     "IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]}},
    {"Name":"host","Id":"dd","Driver":"host","IPAM":{"Config":[]}},
    {"Name":"none","Id":"ee","Driver":"null","IPAM":{"Config":[]}}])");
  ASSERT_EQ(networks.size(), 4U);
  const auto expect = [&](std::size_t index, const model::DockerNetwork& expected) {
    EXPECT_EQ(networks[index], expected) << expected.name;
  };
  expect(0, {"bare", "br-bb", {}, {}, "bb", "bridge"});
  const auto lan = prefixes({"172.16.10.0/24"});
  expect(1, {"lan", "", lan, {}, "aa", "macvlan", {}, {}, "dm-aa"});
  expect(2, {"named", "web0", prefixes({"10.9.0.0/24"}), {}, "ff", "bridge"});
  const std::string id = "0123456789abcdef0123";
  const auto subnets = prefixes({"172.18.0.0/16", "fd00:1::/64"});
  expect(3, {"web_default", "br-0123456789ab", subnets, {}, id, "bridge"});
  EXPECT_TRUE(parse_networks("[]").empty());
}

TEST(DockerApiFacts, RefusesGarbage) {
  for (const char* text : {"", "<html>", "[", "5", "[1]", "[{\"Driver\":5}]",
                           "[{\"IPAM\":{\"Config\":{}}}]", "{\"message\":\"no\"}"}) {
    EXPECT_THROW(parse_networks(text), base::Error) << text;
  }
  model::DockerFacts facts;
  for (const char* text : {"", "not json", "[]", "{\"ServerVersion\":5}",
                           "{\"LiveRestoreEnabled\":\"yes\"}", "{\"FirewallBackend\":[]}"}) {
    EXPECT_THROW(read_info(text, facts), base::Error) << text;
  }
}

}  // namespace
}  // namespace overland::docker
