// Where a probe is sent from: what it may take, and what it must not believe.

#include <csignal>

#include "base/error.h"
#include "netns/probe/probe_scene.h"
#include "probe/ports.h"
#include "probe/space.h"

namespace overland {
namespace {

using namespace tests;

/// A process that does nothing, in a network namespace of its own; ends with the object.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ != 0) return;
    ::unshare(CLONE_NEWNET);
    for (;;) ::pause();
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] std::string enter() const { return "nsenter -t " + std::to_string(pid_) + " -n "; }
  /// Until it has left our namespace.
  void await() const {
    sh("while [ $(readlink /proc/" + std::to_string(pid_) +
       "/ns/net) = $(readlink /proc/self/ns/net) ]; do sleep 0.01; done");
  }

 private:
  pid_t pid_;
};

class Stands : public ProbeSandbox {
 protected:
  static void plug_in(const Sleeper& container, const std::string& address,
                      const std::string& bridge) {
    container.await();
    sh("ip link add plug type veth peer name eth0 netns " + std::to_string(container.pid()) +
       "; ip link set plug up" + (bridge.empty() ? "" : " master " + bridge) + ";" +
       container.enter() + "ip link set eth0 up;" + container.enter() + "ip address add " +
       address + "/24 dev eth0;" + container.enter() + "ip route add default via 192.168.100.1");
    sh("while ! ip link show plug | grep -q 'state UP'; do sleep 0.01; done");
  }
  static probe::BridgeUse used_by(const Sleeper& container, const std::string& address) {
    probe::BridgeUse use;
    use.running = {{"web", at(address), container.pid()}};
    use.taken = {at(address)};
    return use;
  }
};

TEST_F(Stands, AreThoseOfAContainerOnTheBridge) {
  raise(1);
  const Sleeper container;
  plug_in(container, "192.168.100.2", "br0");
  const auto use = used_by(container, "192.168.100.2");
  const auto stand = probe::in_container(link("br0"), use, peer(0).bridges.front());
  ASSERT_TRUE(stand);
  EXPECT_EQ(stand->container, "web");
  EXPECT_EQ(stand->sender.source, at("192.168.100.2"));
  EXPECT_EQ(stand->mtu, 1500U);
  EXPECT_NE(probe::first_answered(ask(*stand, {peer(0)})[0], probe::Purpose::kContainer), nullptr);
}

TEST_F(Stands, AreNotThoseOfAProcessThatHasItsNumberNow) {
  raise(1);
  const Sleeper other;
  plug_in(other, "192.168.100.2", "");  // looks alike, but is not plugged in
  const auto use = used_by(other, "192.168.100.2");
  EXPECT_FALSE(probe::in_container(link("br0"), use, peer(0).bridges.front()));
}

TEST_F(Stands, AreNotThoseOfAContainerWithAnotherAddressOrWithoutAWay) {
  raise(1);
  const Sleeper container;
  plug_in(container, "192.168.100.2", "br0");
  const auto some = peer(0).bridges.front();
  EXPECT_FALSE(probe::in_container(link("br0"), used_by(container, "192.168.100.3"), some));
  sh(container.enter() + "ip route delete default");
  EXPECT_FALSE(probe::in_container(link("br0"), used_by(container, "192.168.100.2"), some));
  EXPECT_FALSE(
      probe::in_container(link("br0"), {{{"gone", at("192.168.100.2"), 999999999}}, {}, {}}, some));
}

TEST_F(Stands, OfOurOwnTakeNoAddressThatSomebodyAnswersTo) {
  const Sleeper container;
  plug_in(container, "192.168.100.254", "br0");  // nobody's list has it
  EXPECT_EQ(own_space().sender.source, at("192.168.100.253"));
}

TEST_F(Stands, OfOurOwnHaveTheSameHardwareAddressEachTime) {
  const auto mac = [] {
    const auto stand = own_space();
    return probe::in_space(stand.space, [] { return probe::find_port("eth0")->mac; });
  };
  const probe::Mac first = mac();
  EXPECT_EQ(first, (probe::Mac{0x02, 0x0b, 192, 168, 100, 254}));
  EXPECT_EQ(mac(), first);
}

TEST_F(Stands, OfOurOwnDoNotChangeABridgeWithPortsEither) {
  const Sleeper container;
  plug_in(container, "192.168.100.2", "br0");
  const std::string ask = "ip -o link show br0 | grep -o 'link/ether [0-9a-f:]*'";
  const std::string before = sh(ask);
  {
    const auto stand = own_space();
    EXPECT_EQ(sh(ask), before);
  }
  EXPECT_EQ(sh(ask), before);
}

TEST_F(Stands, OfOurOwnDoNotChangeTheBridge) {
  const std::string before =
      sh("ip -o link show br0 | grep -o 'link/ether [0-9a-f:]*\\|mtu [0-9]*'");
  const auto stand = own_space();
  EXPECT_EQ(sh("ip -o link show br0 | grep -o 'link/ether [0-9a-f:]*\\|mtu [0-9]*'"), before);
}

TEST_F(Stands, OfOurOwnWaitForOneThatIsGoing) {
  sh("ip link add overland-probe type dummy; (sleep 0.3; ip link delete overland-probe) &");
  EXPECT_EQ(own_space().sender.source, at("192.168.100.254"));
}

TEST_F(Stands, OfOurOwnAreRefusedWhereNoAddressIsFree) {
  probe::BridgeUse use;
  for (int i = 2; i < 255; ++i) use.taken.push_back(at("192.168.100." + std::to_string(i)));
  try {
    own_space(use);
    FAIL() << "it took one";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("no address is free"), std::string::npos);
  }
}

}  // namespace
}  // namespace overland
