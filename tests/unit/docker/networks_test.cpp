// What Docker is told of networks, against a Docker in memory.

#include "unit/docker/fake_api.h"

namespace overland::docker {
namespace {

TEST_F(Networks, ReadBackTheyAreWhatWasWanted) {
  auto wanted = macvlan("mv10", "172.16.10.0/24", "eth0.10");
  wanted.range = net("172.16.10.128/28");
  wanted.gateway = addr("172.16.10.1");
  wanted.reserved = {addr("172.16.10.129"), addr("172.16.10.201")};
  wanted.options = {{"macvlan_mode", "bridge"}};
  for (auto one : {wanted, app}) {
    one.internal = !one.internal;
    api.networks.clear();
    carry_out({std::nullopt, one}, ask, ask);
    EXPECT_EQ(found(), one);
  }
}

TEST_F(Networks, DockerIsToldAllOfIt) {
  auto wanted = macvlan("mv10", "172.16.10.0/24", "eth0.10");
  wanted.range = net("172.16.10.128/28");
  wanted.gateway = addr("172.16.10.1");
  wanted.reserved = {addr("172.16.10.129")};
  const json body = json::parse(create_body(wanted));
  EXPECT_EQ(body["CheckDuplicate"], true);
  EXPECT_EQ(body["Driver"], "macvlan");
  EXPECT_EQ(body["Options"], json({{"parent", "eth0.10"}}));
  EXPECT_EQ(body["IPAM"]["Config"],
            json::parse(R"([{"Subnet":"172.16.10.0/24","IPRange":"172.16.10.128/28",
                "Gateway":"172.16.10.1","AuxiliaryAddresses":{"reserved-1":"172.16.10.129"}}])"));
  EXPECT_EQ(json::parse(create_body(app))["Options"],
            json({{"com.docker.network.bridge.name", "br-app"}}));
}

TEST_F(Networks, WhatDockerSaysOfDriverAndSubnetCountsMoreThanTheLabel) {
  stands();
  auto& network = api.networks.begin()->second;
  network["IPAM"]["Config"][0]["Subnet"] = "10.9.0.0/24";
  EXPECT_EQ(found()->subnet, net("10.9.0.0/24"));
  for (const std::string label :
       {"of a later version", "[1]", R"({"range":7})", R"({"range":"x"})"}) {
    network["Labels"]["overland"] = label;
    EXPECT_EQ(found()->name, "app") << "it bears our mark: " << label;
    EXPECT_EQ(found()->range, std::nullopt);
  }
  network["Labels"]["overland"] = std::string(1U << 20U, '[');
  EXPECT_EQ(found()->name, "app");
  network["Labels"] = {{"else", "x"}};
  EXPECT_EQ(found(), std::nullopt);
}

TEST_F(Networks, OneWithoutOurLabelIsToldNothing) {
  stands();
  api.networks.begin()->second["Labels"] = json::object();
  api.told.clear();
  carry_out({app, std::nullopt}, ask, ask);
  EXPECT_TRUE(api.told.empty());
  EXPECT_THAT(fault({app, other()}), HasSubstr("no such thing")) << "the name is taken";
  EXPECT_EQ(api.networks.size(), 1U);
}

TEST_F(Networks, DoneIsDone) {
  stands();
  stands();
  EXPECT_EQ(api.made, 1);
  carry_out({other(), app}, ask, ask);
  EXPECT_EQ(api.made, 1) << "somebody was faster";
  carry_out({app, std::nullopt}, ask, ask);
  carry_out({app, std::nullopt}, ask, ask);
  EXPECT_TRUE(api.networks.empty());
}

TEST_F(Networks, WhoIsStoppedUsesItToo) {
  stands();
  api.add_container("c1", "web", json::object());
  api.add_container("c2", "db", json::object());
  ASSERT_EQ(members_of("app", ask).size(), 2U);
  EXPECT_EQ(members_of("app", ask)[0].name, "db");
  EXPECT_TRUE(members_of("ap", ask).empty());
  api.told.clear();
  EXPECT_THAT(fault({app, std::nullopt}), HasSubstr("containers use it by now: db, web"));
  EXPECT_TRUE(api.told.empty());
}

TEST_F(Networks, ContainersKeepWhatWasChosenForThem) {
  const json endpoint = json::parse(R"({"IPAMConfig":{"IPv4Address":"192.168.110.9"},"Links":null,
      "Aliases":["db","0123456789ab"],"MacAddress":"02:42:c0:a8:6e:09","IPAddress":"192.168.110.9",
      "NetworkID":"net1","EndpointID":"e","Gateway":"192.168.110.1"})");
  const json chosen = chosen_settings(endpoint, "0123456789abcdef");
  EXPECT_EQ(chosen,
            json::parse(R"({"IPAMConfig":{"IPv4Address":"192.168.110.9"},"Aliases":["db"]})"));
  EXPECT_EQ(chosen_settings({{"MacAddress", "02:00:00:00:00:01"}, {"IPAddress", "192.168.110.9"}},
                            "0")["MacAddress"],
            "02:00:00:00:00:01");
}

TEST_F(Networks, MadeAnewByHandItIsWhatDockerSays) {
  auto wanted = macvlan("app", "172.16.10.0/24", "eth0.10");
  wanted.range = net("172.16.10.128/28");
  wanted.gateway = addr("172.16.10.1");
  wanted.options = {{"macvlan_mode", "bridge"}};
  carry_out({std::nullopt, wanted}, ask, ask);
  auto& network = api.networks.begin()->second;
  network["IPAM"]["Config"][0] = {
      {"Subnet", "172.16.10.0/24"}, {"IPRange", "172.16.10.64/28"}, {"Gateway", "172.16.10.2"}};
  network["Options"]["macvlan_mode"] = "private";
  EXPECT_EQ(found()->range, net("172.16.10.64/28"));
  EXPECT_EQ(found()->gateway, addr("172.16.10.2"));
  EXPECT_EQ(found()->options.at("macvlan_mode"), "private");
  network["IPAM"]["Config"][0].erase("Gateway");
  network["IPAM"]["Config"][0].erase("IPRange");
  EXPECT_EQ(found()->gateway, wanted.gateway) << "some versions leave it out";
  EXPECT_EQ(found()->range, std::nullopt);
}

}  // namespace
}  // namespace overland::docker
