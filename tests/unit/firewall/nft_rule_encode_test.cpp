// Rules written as the kernel wants them and read back: no kernel.

#include <gmock/gmock.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

#include "firewall/attributes.h"
#include "firewall/nft/rule.h"
#include "firewall/nft/rule_encode.h"
#include "firewall/nft/table.h"
#include "links.h"

namespace overland::firewall::nft {
namespace {

/// To the kernel's form and back. Anonymous sets are remembered, not made.
Statements written_and_read(const Statements& statements) {
  const std::unique_ptr<nftnl_rule, decltype(&nftnl_rule_free)> rule(nftnl_rule_alloc(),
                                                                     nftnl_rule_free);
  std::vector<Range> elements;
  encode_rule(*rule, statements, [&](const std::vector<Range>& ranges) {
    elements = ranges;
    return std::uint32_t{1};
  });
  std::vector<std::uint32_t> room(4096);
  nlmsghdr* header = nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(room.data()), NFT_MSG_NEWRULE,
                                           NFPROTO_IPV4, 0, 1);
  nftnl_rule_nlmsg_build_payload(header, rule.get());
  const Bytes message(reinterpret_cast<const std::uint8_t*>(room.data()), header->nlmsg_len);
  const Bytes attributes = message.subspan(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg)));
  return decode_rule(find_attribute(attributes, NFTA_RULE_EXPRESSIONS),
                     [&](const std::string& set) {
                       return set == kAnonymousName ? std::optional(elements) : std::nullopt;
                     });
}

model::FirewallPolicy everything() {
  const auto prefix = [](const char* text) { return model::Prefix::parse(text).value(); };
  model::FirewallPolicy policy;
  policy.mark = 0x80000000;
  policy.guard = model::FirewallGuard::kChain;
  policy.bridges = {"docker0", "br-fifteen-chars"};
  policy.bridges[1].resize(15);
  policy.ingress = tests::on_links({"eth0", "eth1", "eth2"});
  policy.ingress[1].subnets = {prefix("192.168.200.128/25")};
  policy.ingress[1].transit = {prefix("172.16.0.0/16")};
  policy.stops_forgers = true;
  policy.local = {prefix("192.168.100.0/24"), prefix("192.168.102.0/23")};
  policy.tunnel = model::Tunnel{"vxlan.ovl",
                                0xabcdef,
                                0x1234,
                                {{prefix("10.2.0.12/32").network(),
                                  {prefix("192.168.200.0/24"), prefix("192.168.210.1/32")}}}};
  policy.peer_subnets = {prefix("192.168.200.0/24")};
  policy.peer_hosts = {prefix("10.0.0.201/32")};
  policy.transit = {prefix("172.16.0.0/12")};
  policy.masquerades = {{"eth1", {prefix("172.16.10.0/24"), prefix("172.16.20.0/25")}},
                        {"eth2", {prefix("0.0.0.0/0")}},
                        {"eth3", {prefix("172.16.10.7/32")}}};
  return policy;
}

TEST(NftRuleEncode, WritesEveryRuleOfOursAsItIsRead) {
  for (const bool conntrack : {true, false}) {
    model::FirewallPolicy policy = everything();
    policy.conntrack = conntrack;
    for (const Chain& chain : encode_table(policy).chains) {
      for (const Statements& rule : chain.rules) EXPECT_EQ(written_and_read(rule), rule);
    }
  }
  const Statements direct = {Match{Field::kInLink, "eth0"}, Match{Field::kRoutedTo, "docker0"},
                             Match{Field::kRoutedTo, "br-*"}, Action::kNotFromThere,
                             Verdict{Verdict::kDrop}};
  EXPECT_EQ(written_and_read(direct), direct);
  for (const MarkRule& one : {MarkRule{1}, MarkRule{1, "DOCKER-USER"}}) {
    EXPECT_EQ(written_and_read(anchor_rule(one)), anchor_rule(one));
  }
}

TEST(NftRuleEncode, TakesNamesAsBytes) {
  for (const char* name : {"e\"; flush", "$x", "\xff\xfe", "eth*"}) {
    const Statements rule = {Match{Field::kInLink, name}};
    EXPECT_EQ(written_and_read(rule), rule);
  }
}

TEST(NftRuleEncode, RefusesWhatNoRuleOfOursHolds) {
  EXPECT_THROW(written_and_read({Unknown{"limit"}}), std::logic_error);
}

}  // namespace
}  // namespace overland::firewall::nft
