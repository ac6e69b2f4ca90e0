// Engine::facts() against an API of our own: what it sees, and how it takes one that misbehaves.

#include <gmock/gmock.h>

#include <chrono>

#include "base/error.h"
#include "netns/docker/fake_docker.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;
using tests::FakeApi;

class DockerFacts : public tests::Sandbox {
 protected:
  model::DockerFacts facts(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    return Engine(machine_.places, {.answer = patience}).facts();
  }

  tests::FakeMachine machine_;
};

const char* const kNetworks =
    R"([{"Name":"bridge","Id":"cc","Driver":"bridge","IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]}},
        {"Name":"web","Id":"0123456789abcdef","Driver":"bridge",
         "IPAM":{"Config":[{"Subnet":"172.18.0.0/16"}]}}])";

TEST_F(DockerFacts, SeesNothingWhereThereIsNoDocker) { EXPECT_EQ(facts(), model::DockerFacts()); }

TEST_F(DockerFacts, TellsTheInstalledFromTheRunning) {
  machine_.install("26.1.5+dfsg1");
  machine_.write("etc/docker/daemon.json",
                 R"({"live-restore": true, "default-address-pools": [{"base":"10.9.0.0/16",
                    "size": 24}]})");
  const model::DockerFacts found = facts();
  EXPECT_TRUE(found.installed);
  EXPECT_FALSE(found.running);
  EXPECT_EQ(found.version, "26.1.5+dfsg1");
  EXPECT_EQ(found.instance, "");
  EXPECT_TRUE(found.live_restore);
  EXPECT_EQ(found.address_pools, std::vector{*model::Prefix::parse("10.9.0.0/16")});
}

TEST_F(DockerFacts, NeverConnectsToTheSocketOfAStoppedDocker) {
  machine_.install("28.5.2");
  machine_.write("docker.pid", "77");  // left over; the process is something else now
  machine_.write("proc/77/comm", "sshd\n");
  const FakeApi activation(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  EXPECT_FALSE(facts().running);
  EXPECT_EQ(activation.served(), 0);
}

TEST_F(DockerFacts, ReadsARunningEngine) {
  machine_.start(123, {"-H", "fd://"});
  machine_.write("proc/sys/kernel/random/boot_id", "0a1b2c3d-eeee\n");
  const FakeApi api(machine_.places.socket,
                    {{"/info", R"({"ServerVersion":"28.5.2","LiveRestoreEnabled":true,
                               "FirewallBackend":{"Driver":"iptables"}})"},
                     {"/networks", kNetworks}});
  const model::DockerFacts found = facts();
  EXPECT_TRUE(found.installed);
  EXPECT_TRUE(found.running);
  EXPECT_EQ(found.version, "28.5.2");
  EXPECT_EQ(found.instance, "123:4711:0a1b2c3d");
  EXPECT_TRUE(found.live_restore);
  EXPECT_EQ(found.firewall_backend, "iptables");
  ASSERT_EQ(found.networks.size(), 1U);
  EXPECT_EQ(found.networks[0].link, "br-0123456789ab");
  EXPECT_TRUE(found.flags.empty());
}

TEST_F(DockerFacts, NamesAnotherInstanceAfterARestart) {
  machine_.start(123);
  const std::string before = facts().instance;
  machine_.start(123, {}, "4712");
  EXPECT_NE(facts().instance, before);
}

TEST_F(DockerFacts, FindsADaemonWithoutPidfileInItsOwnNamespaces) {
  machine_.start(123, {"--bip=10.0.0.1/24"});
  machine_.start(124, {"--bip=10.0.0.2/24"});
  std::filesystem::remove(machine_.root / "docker.pid");
  const auto namespaces = [&](const std::string& process, const std::string& net) {
    std::filesystem::create_directories(machine_.root / "proc" / process / "ns");
    std::filesystem::create_symlink("pid:[1]", machine_.root / "proc" / process / "ns/pid");
    std::filesystem::create_symlink(net, machine_.root / "proc" / process / "ns/net");
  };
  namespaces("self", "net:[1]");
  namespaces("123", "net:[2]");  // Docker in Docker
  namespaces("124", "net:[1]");
  EXPECT_THAT(facts().flags, ::testing::ElementsAre(HasSubstr("--bip=10.0.0.2/24")));
}

TEST_F(DockerFacts, ReportsFlagsOfTheProcessAndOfTheInitScript) {
  machine_.start(123, {"--bip", "10.0.0.1/24"});
  machine_.write("defaults", "DOCKER_OPTS=\"--bip=10.0.0.1/24 -b br0\"\n");
  EXPECT_THAT(facts().flags,
              ::testing::ElementsAre(
                  "--bip=10.0.0.1/24 on the command line of dockerd (process 123)",
                  "--bridge=br0 on DOCKER_OPTS in " + machine_.places.defaults.string()));
}

TEST_F(DockerFacts, TakesAHangingSocketForSilenceAndSoon) {
  machine_.install("28.5.2");
  machine_.start(123);
  const FakeApi hanging(machine_.places.socket, {});
  const auto begin = std::chrono::steady_clock::now();
  const model::DockerFacts found = facts(std::chrono::milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_TRUE(found.installed);
  EXPECT_FALSE(found.running);
  EXPECT_EQ(found.version, "28.5.2");
  EXPECT_NE(found.instance, "");
}

TEST_F(DockerFacts, TakesAnAbsentSocketForSilence) {
  machine_.start(123);
  EXPECT_FALSE(facts().running);
}

TEST_F(DockerFacts, RefusesGarbageAndErrorsByName) {
  machine_.start(123);
  const auto refusal = [&](const std::map<std::string, std::string>& bodies) -> std::string {
    const FakeApi api(machine_.places.socket, bodies);
    try {
      facts();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInvalid);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal({{"/info", "<html>"}, {"/networks", "[]"}}), HasSubstr("/info is no JSON"));
  EXPECT_THAT(refusal({{"/info", "{}"}, {"/networks", "{}"}}), HasSubstr("/networks is no list"));
  EXPECT_THAT(refusal({{"/info", "{}"}}), HasSubstr("status 404: {\"message\":\"page not found"));
  EXPECT_THAT(refusal({{"/info", std::string(std::size_t{17} << 20U, 'x')}, {"/networks", "[]"}}),
              HasSubstr("GET /info on "));
}

TEST_F(DockerFacts, LeavesAFaultyFileToRead) {
  machine_.install("28.5.2");
  machine_.write("etc/docker/daemon.json", "{,}");
  EXPECT_FALSE(facts().address_pools.empty());
}

}  // namespace
}  // namespace overland::docker
