#include "cli/lifelines.h"

#include <gmock/gmock.h>

#include "unit/states.h"

namespace overland::cli {
namespace {

using namespace tests;
using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Lifelines, NameServersAreTheLinesOfResolvConf) {
  EXPECT_THAT(name_servers("# nameserver 9.9.9.9\nsearch example.net\nnameserver 10.0.0.53\n"
                           "nameserver\t10.0.0.54 \noptions edns0\nnameserver fe80::1%eth0\n"
                           "nameservers 1.1.1.1\nnameserver"),
              ElementsAre(addr("10.0.0.53"), addr("10.0.0.54")));
  EXPECT_THAT(name_servers(""), IsEmpty());
}

TEST(Lifelines, SshPeerIsTheFirstWordOfSshConnection) {
  EXPECT_EQ(ssh_peer("HOME=/root\0SSH_CONNECTION=10.9.8.7 51000 10.0.0.1 22\0A=b\0"sv),
            addr("10.9.8.7"));
  EXPECT_EQ(ssh_peer("SSH_CONNECTION=10.9.8.7"sv), addr("10.9.8.7"));
  EXPECT_EQ(ssh_peer("MY_SSH_CONNECTION=10.9.8.7 1 2 3\0SSH_CONNECTION=UNKNOWN 1 2 3\0"sv),
            std::nullopt);
  EXPECT_EQ(ssh_peer(""sv), std::nullopt);
}

TEST(Lifelines, OwnAddressesLeaveOutWhatDockerAndWeMake) {
  model::HostFacts facts;
  facts.links = {link("br-0123456789ab", {"172.18.0.1/16"}), link("br0", {"10.0.0.5/24"}),
                 link("docker0", {"172.17.0.1/16"}),         link("eth0", {"10.1.0.5/24"}),
                 link("eth1.100", {"172.16.10.1/24"}),       link("web", {"172.19.0.1/16"}),
                 link("br-app", {"172.20.0.1/16"}),          link("br-lan", {"10.2.0.5/24"})};
  facts.links[0].bridge = facts.links[1].bridge = true;
  facts.links[6].bridge = facts.links[7].bridge = facts.links[7].wired = true;
  facts.links[4].ours = true;
  facts.docker.networks = {{"web", "web", {net("172.19.0.0/16")}}};
  std::vector<std::string> own;
  std::vector<model::Network> networks(2);
  networks[0].link = "br-app";  // Docker was killed when it had made the bridge, or not yet removed
  networks[1].link = "br-lan";
  for (const auto& one : own_addresses(facts, "docker0", networks)) {
    own.push_back(one.address.to_string());
  }
  EXPECT_THAT(own, ElementsAre("10.0.0.5", "10.1.0.5", "10.2.0.5"));
}

}  // namespace
}  // namespace overland::cli
