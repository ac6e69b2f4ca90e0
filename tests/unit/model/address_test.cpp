#include "model/address.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace overland::tests {
namespace {

using model::Address;
using model::InterfaceAddress;
using model::Prefix;

TEST(ParseAddress, AcceptsWhatInetPtonAccepts) {
  for (const auto& [text, canonical] : {std::pair{"0.0.0.0", "0.0.0.0"},
                                        {"10.0.0.200", "10.0.0.200"},
                                        {"255.255.255.255", "255.255.255.255"},
                                        {"::", "::"},
                                        {"FD00:0:0::1", "fd00::1"},
                                        {"::ffff:10.0.0.1", "::ffff:10.0.0.1"}}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), canonical);
  }
}

TEST(ParseAddress, RefusesEverythingElse) {
  for (const std::string text :
       {"", "10", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "10.0.0.01", "0x0a000001",
        "10.0.0.1/24", "10.0.0.1.1", "-1.0.0.1", "localhost", "fe80::1%eth0", ":::", "1:2",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("10.0.0.1\0", 9)));
}

TEST(Address, ConvertsBetweenItsForms) {
  const Address address = Address::from_ipv4(0xc0a86401);
  EXPECT_EQ(address.to_string(), "192.168.100.1");
  EXPECT_EQ(address.ipv4(), 0xc0a86401U);
  EXPECT_EQ(Address::from_bytes(address.bytes()), address);
  EXPECT_EQ(Address(), Address::parse("0.0.0.0"));
}

TEST(Address, OrdersByFamilyThenBytes) {
  EXPECT_LT(Address::parse("9.0.0.0"), Address::parse("10.0.0.0"));
  EXPECT_LT(Address::parse("255.0.0.0"), Address::parse("::"));
}

TEST(ParsePrefix, NeedsALengthAndNoHostBits) {
  for (const std::string text : {"0.0.0.0/0", "10.0.0.0/8", "192.168.100.0/24", "10.0.0.1/32",
                                 "172.16.0.0/12", "::/0", "fd00:1::/32", "fd00::1/128"}) {
    const auto prefix = Prefix::parse(text);
    ASSERT_TRUE(prefix) << text;
    EXPECT_EQ(prefix->to_string(), text);
  }
  for (const std::string text :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/256", "10.0.0.0/+8",
        "10.0.0.0/08", "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0.0/1x", "10.0.0.0/-1",
        "fd00::/129", "fd00::1/64", "/8"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

TEST(ParseInterfaceAddress, KeepsHostBits) {
  const auto address = InterfaceAddress::parse("192.168.100.1/24");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->to_string(), "192.168.100.1/24");
  EXPECT_EQ(address->prefix().to_string(), "192.168.100.0/24");
  EXPECT_FALSE(InterfaceAddress::parse("192.168.100.1"));
  EXPECT_FALSE(InterfaceAddress::parse("192.168.100.1/33"));
}

TEST(Prefix, CutsHostBitsAndClampsTheLength) {
  EXPECT_EQ(Prefix(Address::from_ipv4(0x0a0102ff), 20).to_string(), "10.1.0.0/20");
  EXPECT_EQ(Prefix(Address::from_ipv4(0x0a0102ff), 99).to_string(), "10.1.2.255/32");
  EXPECT_EQ(Prefix(Address::from_ipv4(0x0a0102ff)).length(), 32);
}

TEST(Prefix, KnowsWhatItHolds) {
  const Prefix prefix = Prefix::parse("10.1.0.0/20").value();
  EXPECT_EQ(prefix.last().to_string(), "10.1.15.255");
  EXPECT_TRUE(prefix.contains(Address::from_ipv4(0x0a010fff)));
  EXPECT_FALSE(prefix.contains(Address::from_ipv4(0x0a011000)));
  EXPECT_TRUE(prefix.contains(prefix));
  EXPECT_TRUE(prefix.contains(Prefix::parse("10.1.8.0/21").value()));
  EXPECT_FALSE(prefix.contains(Prefix::parse("10.1.0.0/19").value()));
  EXPECT_TRUE(prefix.overlaps(Prefix::parse("10.1.0.0/19").value()));
  EXPECT_FALSE(prefix.overlaps(Prefix::parse("10.1.16.0/20").value()));
  EXPECT_FALSE(Prefix().contains(Address::parse("::").value()));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(Address::parse("fd00::1").value()));
}

/// The smallest cover of a set of last octets below 10.0.0.0/24, by definition.
void cover(const std::vector<bool>& in, std::uint32_t start, std::uint8_t length,
           std::vector<Prefix>& result) {
  const std::uint32_t size = 1U << (32U - length);
  const auto from = in.begin() + start;
  const auto held = std::count(from, from + size, true);
  if (held == 0) return;
  if (held == size) {
    result.emplace_back(Address::from_ipv4(0x0a000000U + start), length);
    return;
  }
  cover(in, start, static_cast<std::uint8_t>(length + 1), result);
  cover(in, start + size / 2, static_cast<std::uint8_t>(length + 1), result);
}

TEST(Aggregate, IsTheSmallestSortedCover) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<bool> in(256, false);
    std::vector<Prefix> prefixes(random() % 120);
    for (Prefix& prefix : prefixes) {
      const auto length = static_cast<std::uint8_t>(25 + random() % 8);
      prefix = Prefix(Address::from_ipv4(0x0a000000U + random() % 256U), length);
      const std::uint32_t start = prefix.network().ipv4() & 0xffU;
      std::fill_n(in.begin() + start, 1U << (32U - length), true);
    }
    std::vector<Prefix> expected;
    cover(in, 0, 24, expected);
    EXPECT_EQ(model::aggregate(prefixes), expected);
  }
}

TEST(Aggregate, JoinsAllOfAFamilyAndKeepsFamiliesApart) {
  std::vector<Prefix> all;
  for (std::uint32_t i = 0; i < 256; ++i) {
    all.emplace_back(Address::from_ipv4(0x0a010000U + (i << 8U)), std::uint8_t{24});
  }
  all.push_back(Prefix::parse("fd00::/65").value());
  all.push_back(Prefix::parse("fd00:0:0:0:8000::/65").value());
  EXPECT_EQ(model::aggregate(all), (std::vector{Prefix::parse("10.1.0.0/16").value(),
                                                Prefix::parse("fd00::/64").value()}));
  EXPECT_EQ(model::aggregate({Prefix::parse("0.0.0.0/1").value(),
                              Prefix::parse("128.0.0.0/1").value(), Prefix::parse("::/0").value()}),
            (std::vector{Prefix(), Prefix::parse("::/0").value()}));
  EXPECT_TRUE(model::aggregate({}).empty());
}

}  // namespace
}  // namespace overland::tests
