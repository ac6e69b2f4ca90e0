#pragma once
// A network namespace of this process's own, with a private /run (where iptables keeps its lock and
// `ip netns` its names): no test ever touches the machine's, or another test's.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/process.h"

namespace overland::tests {

/// Runs a program of the test's own scenery and fails the test where it fails.
inline std::string sh(const std::string& command) {
  const auto result = base::run("/bin/sh", {"-c", command});
  EXPECT_EQ(result.status, 0) << command << "\n" << result.out << result.err;
  return result.out;
}

/// Base of the fixtures: enters the fresh namespaces before each test, skips without root.
class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for a network namespace";
    ASSERT_EQ(::unshare(CLONE_NEWNET | CLONE_NEWNS), 0) << "unshare";
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << "private mounts";
    ASSERT_EQ(::mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0) << "a /run of its own";
    // New namespaces may inherit the machine's forwarding; start as a fresh host does.
    sh("ip link set lo up; echo 0 > /proc/sys/net/ipv4/ip_forward");
  }
};

}  // namespace overland::tests
