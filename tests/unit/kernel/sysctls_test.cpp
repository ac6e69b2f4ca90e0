#include "kernel/sysctls.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace overland::tests {
namespace {

TEST(SysctlPath, SeparatesByTheFirstSeparatorOfTheKey) {
  EXPECT_EQ(kernel::sysctl_path("net.ipv4.ip_forward"), "/proc/sys/net/ipv4/ip_forward");
  EXPECT_EQ(kernel::sysctl_path("net/ipv4/ip_forward"), "/proc/sys/net/ipv4/ip_forward");
  EXPECT_EQ(kernel::sysctl_path("net.ipv4.conf.eth0/100.rp_filter"),
            "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
  EXPECT_EQ(kernel::sysctl_path("net/ipv4/conf/eth0.100/rp_filter"),
            "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
}

TEST(SysctlPath, NeverLeavesTheTree) {
  for (const std::string key :
       {"", ".", "..", "/", "../etc/passwd", "net/../../etc/passwd", "net.//.etc", "net..ipv4",
        "/etc/passwd", ".net", "net.", "net/", "net/./ipv4", "net.conf./.x"}) {
    EXPECT_THROW(kernel::sysctl_path(key), base::Error) << key;
  }
  EXPECT_THROW(kernel::sysctl_path(std::string("net.a\0b", 7)), base::Error);
}

}  // namespace
}  // namespace overland::tests
