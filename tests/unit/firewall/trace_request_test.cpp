// What overland and overland-trace say to each other.

#include <gmock/gmock.h>

#include <cstdint>

#include "base/error.h"
#include "firewall/printable.h"
#include "firewall/trace/request.h"
#include "links.h"

namespace overland::firewall::trace {
namespace {

model::Prefix prefix(const std::string& text) { return model::Prefix::parse(text).value(); }

TEST(TraceRequest, ArgumentsComeBackAsThePolicyWhateverLinksAreCalled) {
  model::FirewallPolicy policy;
  policy.variant = model::FirewallVariant::kLegacy;
  policy.mark = 0x80000000;
  policy.bridges = {"docker0", "a=b"};
  policy.ingress = tests::on_links({"e\xff\"0", "-x"});
  policy.ingress[0].subnets = {prefix("192.168.200.0/24")};
  policy.ingress[1].hosts.emplace();
  policy.ingress[1].transit = {prefix("10.0.0.0/24")};
  policy.anchor = model::FirewallAnchor::kDockerNft;
  policy.local = {prefix("192.168.100.0/24")};
  policy.peer_subnets = {prefix("192.168.200.0/24"), prefix("0.0.0.0/0")};
  policy.peer_hosts = {prefix("10.0.0.201/32")};
  policy.transit = {prefix("10.0.0.0/24")};
  policy.tunnel.emplace().port = 4789;
  policy.tunnel->senders = {{prefix("10.2.0.12/32").network(), {}}};
  EXPECT_EQ(traced_policy(trace_arguments(policy)), policy);
}

TEST(TraceRequest, IsBoundedHoweverManyPeersThereAre) {
  model::FirewallPolicy policy;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    policy.peer_subnets.emplace_back(model::Address::from_ipv4(i << 8U), std::uint8_t{24});
  }
  EXPECT_EQ(trace_arguments(policy).size(), 34U);
}

TEST(TraceRequest, RefusesOtherArguments) {
  for (const char* wrong :
       {"", "x", "mark=", "mark=1x", "mark=4294967296", "variant=x", "peer=::/0",
        "from-peer=10.0.0.0/8", "local=10.0.0.1/24", "host=", "other=1"}) {
    EXPECT_THROW(traced_policy({wrong}), base::Error) << wrong;
  }
}

TEST(TraceRequest, AnswersComeBack) {
  const std::vector<model::Finding> found = {
      {model::Severity::kConflict, "firewall", "one \"quoted\"", "then"},
      {model::Severity::kUntold, "firewall", "two", ""},
      {model::Severity::kAdvice, "firewall", "three", "four"}};
  EXPECT_EQ(traced_answer(trace_answer(found)), found);
  for (const char* wrong : {"", "{", "[1]", "{}", "[{}]", "[{\"certain\":1}]", "\xff"}) {
    EXPECT_THROW(traced_answer(wrong), base::Error) << wrong;
  }
}

TEST(TraceText, ShowsNamesHarmlessly) {
  EXPECT_EQ(printable("a\"b\x1b\xff\n"), "a\"b\\x1b\\xff\\x0a");
}

}  // namespace
}  // namespace overland::firewall::trace
