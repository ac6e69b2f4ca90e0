#include "kernel/route_message.h"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <limits>

#include "model/ownership.h"
#include "unit/kernel/canned.h"

namespace overland::tests {
namespace {

using model::Address;
using model::Prefix;
using model::Route;
using netlink::MessageBuffer;

Address address(const std::string& text) { return Address::parse(text).value(); }

Canned created(const Route& route) {
  return Canned([&](netlink::MessageBuffer& buffer) {
    kernel::LinkNames links;
    kernel::put_new_route(buffer, route, NLM_F_CREATE, links);
  });
}

void expect_round_trip(const Route& route) {
  const auto read = kernel::read_route(created(route).message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->destination, route.destination);
  EXPECT_EQ(read->metric, route.metric);
  EXPECT_EQ(read->gateways, route.gateways);
  EXPECT_EQ(read->protocol, model::kRouteProtocol);
  EXPECT_EQ(read->table, unsigned{RT_TABLE_MAIN});
  EXPECT_EQ(read->type, RTN_UNICAST);
}

Route unicast(const char* destination, std::uint32_t metric,
              std::initializer_list<const char*> gateways) {
  Route route{Prefix::parse(destination).value(), model::RouteKind::kUnicast, metric, {}};
  for (const char* gateway : gateways) route.gateways.push_back(address(gateway));
  return route;
}

TEST(RouteMessage, WritesWhatItReads) {
  expect_round_trip(unicast("10.1.0.0/16", 11100, {"10.9.0.2"}));
  expect_round_trip(unicast("0.0.0.0/0", 7, {"10.9.0.2"}));
  expect_round_trip(unicast("10.1.0.0/16", 11355, {"10.9.0.2", "10.9.0.3", "10.9.0.4"}));
  expect_round_trip(unicast("fd00::/64", 11100, {"fe80::1"}));
}

TEST(RouteMessage, WritesAFallback) {
  const auto read = kernel::read_route(
      created(model::fallback_route(Prefix::parse("10.1.0.0/16").value())).message());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->type, RTN_UNREACHABLE);
  EXPECT_EQ(read->metric, std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(read->protocol, model::kRouteProtocol);
  EXPECT_TRUE(read->gateways.empty());
}

TEST(RouteMessage, RepeatsHopsByTheirWeight) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    rtmsg header = {};
    header.rtm_family = AF_INET;
    buffer.begin(RTM_NEWROUTE, 0, header);
    const std::size_t multipath = buffer.open(RTA_MULTIPATH);
    for (const auto& [gateway, hops] : {std::pair{"10.9.0.3", 1}, std::pair{"10.9.0.2", 0}}) {
      rtnexthop hop = {};
      hop.rtnh_len = sizeof(rtnexthop) + 8;
      hop.rtnh_hops = static_cast<unsigned char>(hops);
      buffer.append(&hop, sizeof(hop));
      buffer.put_address(RTA_GATEWAY, address(gateway));
    }
    buffer.close(multipath);
  });
  EXPECT_EQ(kernel::read_route(canned.message())->gateways,
            (std::vector{address("10.9.0.2"), address("10.9.0.3"), address("10.9.0.3")}));
}

TEST(RouteMessage, ReadsAGatewayOfTheOtherFamily) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    rtmsg header = {};
    header.rtm_family = AF_INET;
    buffer.begin(RTM_NEWROUTE, 0, header);
    std::vector<std::uint8_t> via = {AF_INET6, 0};
    const Address gateway = address("fe80::9");
    via.insert(via.end(), gateway.bytes().begin(), gateway.bytes().end());
    buffer.put_bytes(RTA_VIA, via);
  });
  EXPECT_EQ(kernel::read_route(canned.message())->gateways, std::vector{address("fe80::9")});
}

TEST(RouteMessage, OtherMessagesAndFamiliesAreNoRoutes) {
  const Canned deleted([](netlink::MessageBuffer& buffer) {
    kernel::LinkNames links;
    kernel::put_delete_route(buffer, unicast("0.0.0.0/0", 1, {"10.9.0.2"}), links);
  });
  EXPECT_FALSE(kernel::read_route(deleted.message()));
  EXPECT_EQ(kernel::route_protocol(deleted.message()), 0);
  const Canned bridge([](netlink::MessageBuffer& buffer) {
    rtmsg header = {};
    header.rtm_family = AF_BRIDGE;
    buffer.begin(RTM_NEWROUTE, 0, header);
  });
  EXPECT_FALSE(kernel::read_route(bridge.message()));
}

TEST(RouteMessage, SurvivesEveryTruncation) {
  const Canned whole = created(unicast("10.1.0.0/16", 11355, {"10.9.0.2", "10.9.0.3", "10.9.0.4"}));
  for (std::uint32_t length = NLMSG_HDRLEN; length < whole.message().nlmsg_len; ++length) {
    const Canned shorter = whole.cut(length);
    kernel::route_protocol(shorter.message());
    const auto read = kernel::read_route(shorter.message());
    EXPECT_TRUE(!read || read->gateways.size() < 3) << length;
  }
}

TEST(RouteMessage, RefusalsCarryTheKernelsText) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    nlmsgerr error = {};
    error.error = -ENETUNREACH;
    buffer.begin(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, error);
    buffer.put_string(NLMSGERR_ATTR_MSG, "Nexthop has invalid gateway");
  });
  const netlink::Refusal refusal = netlink::read_refusal(canned.message());
  EXPECT_EQ(refusal.error, ENETUNREACH);
  EXPECT_EQ(refusal.text, "Nexthop has invalid gateway");
  EXPECT_STREQ(netlink::refusal_error("cannot x", refusal).what(),
               "cannot x: Network is unreachable (Nexthop has invalid gateway)");
}

TEST(RouteMessage, RefusalsOfOldKernelsEchoTheRequest) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    nlmsgerr error = {};
    error.error = -EEXIST;
    error.msg.nlmsg_len = sizeof(nlmsghdr) + 12;
    buffer.begin(NLMSG_ERROR, NLM_F_ACK_TLVS, error);
    const std::array<std::uint8_t, 12> echoed = {};
    buffer.append(echoed.data(), echoed.size());
    buffer.put_string(NLMSGERR_ATTR_MSG, "there already");
  });
  EXPECT_EQ(netlink::read_refusal(canned.message()).text, "there already");
}

TEST(RouteMessage, BrokenRefusalsAreErrors) {
  const Canned canned([](netlink::MessageBuffer& buffer) {
    nlmsgerr error = {};
    error.error = -EEXIST;
    error.msg.nlmsg_len = 4000000000U;
    buffer.begin(NLMSG_ERROR, NLM_F_ACK_TLVS, error);
  });
  EXPECT_EQ(netlink::read_refusal(canned.message()).error, EEXIST);
  EXPECT_EQ(netlink::read_refusal(canned.cut(NLMSG_HDRLEN + 2).message()).error, EBADMSG);
  const Canned no_negative([](netlink::MessageBuffer& buffer) {
    nlmsgerr error = {};
    error.error = std::numeric_limits<int>::min();
    buffer.begin(NLMSG_ERROR, 0, error);
  });
  EXPECT_EQ(netlink::read_refusal(no_negative.message()).error, EBADMSG);
}

}  // namespace
}  // namespace overland::tests
