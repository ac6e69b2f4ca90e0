// Shims of ipvlan networks. This machine's kernel may have none: the guest of tests/vlan runs
// these.

#include <cerrno>

#include "kernel/links.h"
#include "netns/kernel/kernel_sandbox.h"

namespace overland::tests {
namespace {

using kernel::LinkTable;
using model::Link;
using model::our_links;

class IpvlanLinks : public KernelSandbox {
 protected:
  static Link shim(const std::string& mode) {
    Link link = {"ovl-fast", "lan", 0, model::InterfaceAddress::parse("10.91.0.1/32").value()};
    link.ipvlan = mode;
    return link;
  }
};

/// What a kernel with ipvlan is needed for: the tests of its guest run them.
class IpvlanShims : public IpvlanLinks {};

TEST_F(IpvlanLinks, AskingMakesNothing) {
  const std::string before = sh("ip -o link | wc -l");
  const bool there = LinkTable().makes_ipvlan();
  EXPECT_EQ(sh("ip -o link | wc -l"), before);
  EXPECT_EQ(
      there,
      base::run("/sbin/ip", {"link", "add", "i0", "link", "lan", "type", "ipvlan"}).status == 0);
}

TEST_F(IpvlanLinks, NamesTheModuleWhereTheKernelHasNone) {
  if (LinkTable().makes_ipvlan()) GTEST_SKIP() << "this kernel has ipvlan";
  try {
    LinkTable().apply({std::nullopt, shim("l3s")});
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("load the module ipvlan"), std::string::npos);
  }
}

TEST_F(IpvlanShims, AShimIsMadeOfEachModeAndAnewForAnother) {
  std::optional<Link> before;
  for (const std::string mode : {"l2", "l3", "l3s", "l3"}) {
    LinkTable().apply({before, shim(mode)});
    EXPECT_EQ(our_links(LinkTable().facts()), std::vector{shim(mode)});
    EXPECT_NE(sh("ip -d link show ovl-fast").find("ipvlan  mode " + mode + " "), std::string::npos)
        << sh("ip -d link show ovl-fast");
    before = shim(mode);
  }
  LinkTable().apply({before, std::nullopt});
  EXPECT_TRUE(our_links(LinkTable().facts()).empty());
}

TEST_F(IpvlanShims, ThereIsNoRoomBesideMacvlan) {
  sh("ip link add mv0 link lan type macvlan mode bridge");
  try {
    LinkTable().apply({std::nullopt, shim("l3s")});
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), EBUSY);
    EXPECT_NE(std::string(error.what()).find("macvlan links beside it"), std::string::npos);
  }
}

}  // namespace
}  // namespace overland::tests
