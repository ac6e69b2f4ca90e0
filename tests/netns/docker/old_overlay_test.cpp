// What the overlay network with a store of its own left among Docker's settings.

#include <gtest/gtest.h>

#include "docker/engine.h"
#include "netns/docker/fake_docker.h"
#include "netns/sandbox.h"

namespace overland::docker {
namespace {

class OldOverlay : public tests::Sandbox {
 protected:
  std::vector<std::string> retired() {
    return Engine(machine_.deadline, machine_.places).facts().retired;
  }

  tests::FakeMachine machine_;
};

TEST_F(OldOverlay, IsNamedWhereItStands) {
  machine_.install("28.5.2");
  EXPECT_TRUE(retired().empty());
  machine_.write("etc/docker/daemon.json",
                 R"({"cluster-store": "consul://10.0.0.5:8500", "cluster-store-opts": {}})");
  machine_.write("defaults", "DOCKER_OPTS=\"--cluster-advertise=eth0:2376\"\n");
  const auto found = retired();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(found[0].starts_with("--cluster-advertise=eth0:2376 on DOCKER_OPTS in ")) << found[0];
  EXPECT_TRUE(found[1].starts_with("\"cluster-store\" in ")) << found[1];
  EXPECT_TRUE(found[2].starts_with("\"cluster-store-opts\" in ")) << found[2];
}

}  // namespace
}  // namespace overland::docker
