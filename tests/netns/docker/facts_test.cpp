// Engine::facts() against an API of our own: what it sees, and how it takes one that misbehaves.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>

#include "base/error.h"
#include "docker/api_facts.h"
#include "netns/docker/fake_docker.h"
#include "netns/docker/fake_systemd.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

using ::testing::HasSubstr;
using tests::FakeApi;

class DockerFacts : public tests::Sandbox {
 protected:
  model::DockerFacts facts(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    return Engine(machine_.deadline, machine_.places, {.answer = patience}).facts();
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
  EXPECT_EQ(found.instance, "");
  EXPECT_TRUE(found.live_restore);
  EXPECT_EQ(found.address_pools, std::vector{*model::Prefix::parse("10.9.0.0/16")});
  EXPECT_FALSE(std::filesystem::exists(machine_.root / "asked"));  // takes 40 ms and 64 MB
}

TEST_F(DockerFacts, NeverConnectsToTheSocketOfAStoppedDocker) {
  machine_.start(123);
  machine_.write("docker.pid", "77");  // left over; the process is something else now
  machine_.write("proc/77/comm", "sshd\n");
  std::filesystem::create_directories(machine_.places.systemd);
  const FakeApi activation(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  const std::string socket = (machine_.root / "systemd.sock").string();
  machine_.places.systemd_bus = "unix:path=" + socket;
  {
    const tests::FakeSystemd systemd(socket, {.triggered_by = "docker.socket"});
    EXPECT_FALSE(facts().running) << "all processes were looked through";
    EXPECT_FALSE(activation.woken());
  }
  {
    const tests::FakeSystemd systemd(socket, {.load_state = "masked"});
    EXPECT_TRUE(facts().running);  // who listens is not known
    EXPECT_EQ(activation.served(), 2);
  }
}

TEST_F(DockerFacts, FindsWhatTheUnitRunsWithoutPidfileAndSocket) {
  machine_.start(123);
  std::filesystem::remove(machine_.places.pidfile);
  std::filesystem::create_directories(machine_.places.systemd);
  const std::string socket = (machine_.root / "systemd.sock").string();
  machine_.places.systemd_bus = "unix:path=" + socket;
  {
    const tests::FakeSystemd systemd(socket, {});
    EXPECT_FALSE(facts().running) << "all processes were looked through";
  }
  const tests::FakeSystemd systemd(socket, {.main_pid = 123, .triggered_by = "docker.socket"});
  EXPECT_EQ(facts().instance, "123:4711");
}

TEST_F(DockerFacts, LooksThroughAllProcessesOnlyWhereASocketAnswers) {
  machine_.start(123);
  std::filesystem::remove(machine_.places.pidfile);
  EXPECT_FALSE(facts().running);
  { const FakeApi killed(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}}); }
  EXPECT_FALSE(facts().running);  // it left its socket
  const FakeApi api(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  EXPECT_EQ(facts().instance, "123:4711");
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

TEST_F(DockerFacts, KnowWhetherItDropsWhatItForwards) {
  machine_.install("28.5.2");
  EXPECT_TRUE(facts().drops_forwarded);
  for (const char* told :
       {"iptables\": false", "ip-forward\": false", "ip-forward-no-drop\": true"}) {
    machine_.write("etc/docker/daemon.json", "{\"" + std::string(told) + "}");
    EXPECT_FALSE(facts().drops_forwarded) << told;
  }
  machine_.write("etc/docker/daemon.json", "{}");
  machine_.write("defaults", "DOCKER_OPTS=\"--iptables=false\"\n");
  EXPECT_FALSE(facts().drops_forwarded);
}

TEST_F(DockerFacts, KnowTheBackendOfTheNextStart) {
  machine_.install("29.7.2");
  EXPECT_EQ(facts().configured_backend, "iptables");
  machine_.write("etc/docker/daemon.json", R"({"firewall-backend": "nftables"})");
  EXPECT_EQ(facts().configured_backend, "nftables");
  machine_.write("etc/docker/daemon.json", "{}");
  machine_.write("defaults", "DOCKER_OPTS=\"--firewall-backend=nftables\"\n");
  EXPECT_EQ(facts().configured_backend, "nftables");
  machine_.start(123);
  const FakeApi api(
      machine_.places.socket,
      {{"/info", R"({"FirewallBackend":{"Driver":"iptables"}})"}, {"/networks", "[]"}});
  EXPECT_EQ(facts().configured_backend, "nftables") << "whatever runs now";
  machine_.write("etc/docker/daemon.json", "{,");
  EXPECT_EQ(facts().configured_backend, "") << "it starts with nothing";
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
  machine_.namespaces("123", "net:[2]");  // Docker in Docker
  const FakeApi api(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
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

/// Of a dockerd that does not answer it is taken that it runs, and the rest is as good as can be.
TEST_F(DockerFacts, WaitsOnceInVainForAHangingSocket) {
  machine_.install("28.5.2");
  machine_.start(123);
  const FakeApi hanging(machine_.places.socket, {});
  const auto begin = std::chrono::steady_clock::now();
  Engine engine(machine_.deadline, machine_.places, {.answer = std::chrono::milliseconds(500)});
  for (int look = 0; look < 8; ++look) {
    const model::DockerFacts found = engine.facts();
    EXPECT_TRUE(found.installed);
    EXPECT_TRUE(found.running);
    EXPECT_NE(found.instance, "");
    EXPECT_EQ(found.address_pools, builtin_address_pools());
    ASSERT_EQ(found.unknown.size(), 1U);
    EXPECT_EQ(found.unknown[0].resource, "docker");
    EXPECT_THAT(found.unknown[0].message, HasSubstr("GET /info on "));
    EXPECT_THAT(found.unknown[0].message, HasSubstr("was not answered in time"));
    EXPECT_NE(found.unknown[0].remedy, "");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(DockerFacts, WaitsNoLongerThanTheRunHas) {
  machine_.start(123);
  const FakeApi hanging(machine_.places.socket, {});
  base::Deadline deadline(std::chrono::milliseconds(300));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(Engine(deadline, machine_.places).facts().unknown.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

/// What is wrong in the answers to /info and /networks, by what facts() says of it.
std::string fault_of(const model::DockerFacts& facts) {
  EXPECT_TRUE(facts.installed);
  EXPECT_TRUE(facts.running);
  EXPECT_EQ(facts.unknown.size(), 1U);
  return facts.unknown.empty() ? "" : facts.unknown[0].message;
}

TEST_F(DockerFacts, TakesGarbageForUnknown) {
  machine_.start(123);
  EXPECT_THAT(fault_of(facts()), HasSubstr("nobody listens on "));
  const auto fault = [&](const std::map<std::string, std::string>& bodies) {
    const FakeApi api(machine_.places.socket, bodies);
    return fault_of(facts(std::chrono::seconds(1)));
  };
  EXPECT_THAT(fault({{"/info", "<html>"}, {"/networks", "[]"}}), HasSubstr("/info is no JSON"));
  EXPECT_THAT(fault({{"/info", "[]"}, {"/networks", "[]"}}), HasSubstr("no object around"));
  EXPECT_THAT(fault({{"/info", R"({"LiveRestoreEnabled":"yes"})"}, {"/networks", "[]"}}),
              HasSubstr("\"LiveRestoreEnabled\" is no flag"));
  EXPECT_THAT(fault({{"/info", "{}"}, {"/networks", "{}"}}), HasSubstr("/networks is no list"));
  EXPECT_THAT(fault({{"/info", "{}"}}), HasSubstr("status 404: page not found"));
  EXPECT_THAT(fault({{"/info", "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"}}),
              HasSubstr("status 500: oops"));
  EXPECT_THAT(fault({{"/info", "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"}}),
              HasSubstr("GET /info on "));
  EXPECT_THAT(fault({{"/info", "RAW \x01\x02 no HTTP at all"}}), HasSubstr("GET /info on "));
  EXPECT_THAT(fault({{"/info", "RAW"}}), HasSubstr("GET /info on "));
  EXPECT_THAT(fault({{"/info", std::string(std::size_t{17} << 20U, 'x')}, {"/networks", "[]"}}),
              HasSubstr("GET /info on "));
}

TEST_F(DockerFacts, KeepsWhatWasToldBeforeTheFault) {
  machine_.start(123);
  const FakeApi api(machine_.places.socket,
                    {{"/info", R"({"ServerVersion":"27.1.0","FirewallBackend":{"Driver":"x"}})"}});
  const model::DockerFacts found = facts();
  EXPECT_EQ(found.version, "27.1.0");
  EXPECT_EQ(found.firewall_backend, "x");
  EXPECT_THAT(fault_of(found), HasSubstr("GET /networks on "));
}

TEST_F(DockerFacts, AsksNobodyButRoot) {
  machine_.start(123);
  const FakeApi api(machine_.places.socket, {{"/info", "{}"}, {"/networks", "[]"}});
  ASSERT_EQ(::chown(machine_.places.socket.c_str(), 65534, 65534), 0);
  EXPECT_THAT(fault_of(facts()), HasSubstr("docker.sock belongs to user 65534"));
  ASSERT_EQ(::chown(machine_.places.socket.c_str(), 0, 0), 0);
  EXPECT_THAT(facts().unknown, ::testing::IsEmpty());
  ASSERT_EQ(::chmod(machine_.root.c_str(), 0777), 0);
  EXPECT_THAT(Engine(machine_.deadline, machine_.places).facts().unknown.at(0).message,
              HasSubstr("may be written by others than root"));
}

TEST_F(DockerFacts, BelievesNoAnswerOfAnothers) {
  machine_.start(123);
  const pid_t other = ::fork();
  if (other == 0) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    machine_.places.socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (!bound || ::setuid(65534) != 0 || ::listen(fd, 4) != 0) ::_exit(1);
    for (;;) {
      const int client = ::accept(fd, nullptr, nullptr);
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
      static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
      ::close(client);
    }
  }
  std::string fault;
  for (int attempt = 0; attempt < 5000 && fault.find("listens there") == std::string::npos;
       ++attempt) {
    fault = fault_of(facts(std::chrono::seconds(2)));  // nobody listens until it does
    ::usleep(1000);
  }
  EXPECT_THAT(fault, HasSubstr("user 65534 listens there, and not root"));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_F(DockerFacts, TakesUnreadableDefaultsForUnknown) {
  machine_.install("28.5.2");
  std::filesystem::create_directories(machine_.places.defaults);
  const model::DockerFacts found = facts();
  ASSERT_EQ(found.unknown.size(), 1U);
  EXPECT_THAT(found.unknown[0].message, HasSubstr("defaults is not a regular file"));
}

TEST_F(DockerFacts, LeavesAFaultyFileToRead) {
  machine_.install("28.5.2");
  machine_.write("etc/docker/daemon.json", "{,}");
  EXPECT_FALSE(facts().address_pools.empty());
}

}  // namespace
}  // namespace overland::docker
