// Asking the program that tells who else drops: when, and what becomes of one that breaks.

#include "firewall/trace/ask_droppers.h"

#include <gmock/gmock.h>

#include "links.h"
#include "netns/firewall/findings.h"
#include "netns/firewall/nft_policy.h"
#include "netns/sandbox.h"

namespace overland::firewall::trace {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using tests::certain;
using tests::sh;
using tests::untold;

constexpr const char* kCounting =
    "echo >> /run/asked; echo '[{\"certain\": true, \"message\": \"one\", \"remedy\": \"\"}]'";

class AskDroppersTest : public tests::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped()) return;
    sh("mkdir /run/overland");
    options_.program = "/run/trace";
  }

  static void install(const std::string& script) {
    sh("cat > /run/trace.new <<'END'\n#!/bin/sh\n" + script +
       "\nEND\nchmod 755 /run/trace.new; mv /run/trace.new /run/trace");
  }
  std::vector<model::Finding> ask(std::chrono::milliseconds time = std::chrono::seconds(60)) {
    const base::Deadline deadline(time);
    return ask_droppers(policy_, options_, deadline);
  }
  static int asked() { return std::stoi(sh("cat /run/asked 2>/dev/null | wc -l")); }

  TraceOptions options_;
  model::FirewallPolicy policy_ = tests::two_host_policy();
};

struct Broken {
  const char* script;
  const char* said;
};

TEST_F(AskDroppersTest, ABrokenProgramIsOneSentence) {
  const Broken broken[] = {
      {"kill -SEGV $$", "overland-trace ended by signal 11"},
      {"exec sleep 60", "did not end within"},
      {"echo junk", "its answer cannot be understood"},
      {"echo '[1]'", "its answer cannot be understood"},
      {"echo '{\"certain\": true}'", "its answer cannot be understood"},
      {"printf '\\033[31mbad\\n' >&2; exit 1", "overland-trace: \\x1b[31mbad"},
      {"yes | head -c 3000000", "its answer cannot be understood"},
  };
  for (const Broken& one : broken) {
    install(one.script);
    const auto found = ask(std::chrono::seconds(1));
    ASSERT_THAT(found, SizeIs(1)) << one.script;
    EXPECT_EQ(found[0].severity, model::Severity::kUntold) << one.script;
    EXPECT_THAT(found[0].message, HasSubstr("who else drops could not be asked: "));
    EXPECT_THAT(found[0].message, HasSubstr(one.said));
  }
  sh("rm /run/trace");
  EXPECT_THAT(untold(ask()), SizeIs(1));
  EXPECT_THAT(ask(std::chrono::seconds(0))[0].message, HasSubstr("used up"));
  EXPECT_EQ(sh("ls /run/overland"), "");
}

TEST_F(AskDroppersTest, IsAskedAgainOnlyWhenSomethingMoved) {
  install(kCounting);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(certain(ask()), testing::ElementsAre("one"));
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(sh("stat -c %a:%u /run/overland/trace.json"), "600:0\n");
  sh("nft add table ip x");
  ask();
  EXPECT_EQ(asked(), 2);
  policy_.ingress = tests::on_links({"a\xff\"b"});
  ask();
  ask();
  EXPECT_EQ(asked(), 3);
  install(kCounting);
  ask();
  EXPECT_EQ(asked(), 4);
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  ask();
  EXPECT_EQ(asked(), 5);
}

/// With a tunnel the answer is good for the links its packets take.
TEST_F(AskDroppersTest, IsAskedAgainWhereAPeerIsReachedAnotherWay) {
  install(kCounting);
  policy_.tunnel = model::Tunnel{
      "vxlan.ovl", 111, 4789, {{tests::prefixes({"10.2.0.12/32"}).front().network(), {}}}};
  sh("ip link add eth0 type veth peer name eth1; ip link set eth0 up; ip link set eth1 up;"
     "ip addr add 10.1.0.11/24 dev eth0; ip route add 10.2.0.0/24 dev eth0");
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(asked(), 1);
  sh("ip route add 10.3.0.0/24 dev eth1");
  ask();
  EXPECT_EQ(asked(), 1) << "none of the tunnel's business";
  sh("ip route replace 10.2.0.0/24 dev eth1");
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(asked(), 2);
  sh("ip route del 10.2.0.0/24");
  ask();
  EXPECT_EQ(asked(), 3);
}

TEST_F(AskDroppersTest, AHintThatIsNotRootsOrNotWholeIsNotBelieved) {
  install(kCounting);
  const char* const harm[] = {"chown 1 $f",
                              "chmod 666 $f",
                              "truncate -s 20 $f",
                              "echo '[]' > $f",
                              ": > $f",
                              "echo '{\"asked\":1}' > $f",
                              "chmod 777 /run/overland",
                              "rm $f; mkdir $f; touch $f/x"};
  for (const char* one : harm) {
    sh("rm -rf /run/overland; mkdir -m 755 /run/overland; rm -f /run/asked");
    ask();
    sh(std::string("f=/run/overland/trace.json; ") + one);
    EXPECT_THAT(certain(ask()), testing::ElementsAre("one"));
    EXPECT_EQ(asked(), 2) << one;
  }
  sh("rm -rf /run/overland; ln -s /etc /run/overland; rm -f /run/asked");
  sh("rm /run/overland; mkdir /run/overland; ln -s /run/elsewhere /run/overland/trace.json");
  EXPECT_THAT(certain(ask()), SizeIs(1));
  EXPECT_EQ(sh("ls /run/elsewhere 2>/dev/null; true"), "");
}

}  // namespace
}  // namespace overland::firewall::trace
