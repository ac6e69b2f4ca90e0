#include "kernel/sysctls.h"

#include <cerrno>

#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::SysctlTree;
using Sysctls = KernelSandbox;

plan::SysctlStep set(const std::string& key, const std::string& value) {
  return {std::nullopt, model::Sysctl{key, value}};
}

TEST_F(Sysctls, ReadsBackWhatItWrites) {
  EXPECT_EQ(SysctlTree().read("net.ipv4.ip_forward"), "0");
  SysctlTree().apply(set("net.ipv4.ip_forward", "1"));
  EXPECT_EQ(SysctlTree().read("net.ipv4.ip_forward"), "1");
  EXPECT_EQ(sh("cat /proc/sys/net/ipv4/ip_forward"), "1\n");
}

TEST_F(Sysctls, ReachesLinksWithADotInTheirName) {
  sh("ip link set lan down; ip link set lan name lan.100");
  SysctlTree().apply(set("net.ipv4.conf.lan/100.rp_filter", "2"));
  EXPECT_EQ(SysctlTree().read("net/ipv4/conf/lan.100/rp_filter"), "2");
}

TEST_F(Sysctls, KeepsTheTabsOfSeveralValues) {
  SysctlTree().apply(set("net.ipv4.ip_local_port_range", "20000 30000"));
  EXPECT_EQ(SysctlTree().read("net.ipv4.ip_local_port_range"), "20000\t30000");
}

TEST_F(Sysctls, SaysWhatTheKernelLacks) {
  EXPECT_EQ(SysctlTree().read("net.ipv4.conf.gone.rp_filter"), std::nullopt);
  try {
    SysctlTree().apply(set("net.ipv4.conf.gone.rp_filter", "2"));
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("net.ipv4.conf.gone.rp_filter"), std::string::npos);
  }
}

TEST_F(Sysctls, SaysWhatTheKernelRefuses) {
  try {
    SysctlTree().apply(set("net.ipv4.ip_forward", "perhaps"));
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EINVAL);
    EXPECT_NE(std::string(error.what()).find("net.ipv4.ip_forward"), std::string::npos);
  }
}

TEST_F(Sysctls, ReportsAReadOnlyTree) {
  ASSERT_EQ(::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  try {
    SysctlTree().apply(set("net.ipv4.ip_forward", "1"));
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EROFS);
  }
}

}  // namespace
}  // namespace overland::tests
