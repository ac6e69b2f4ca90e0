#include "firewall/follow/sighting.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <cstddef>

namespace overland::firewall::follow {
namespace {

// struct iphdr of linux/ip.h, struct icmphdr of linux/icmp.h.
constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kIcmpHeader = 8;
constexpr std::uint8_t kIcmp = 1;  // IPPROTO_ICMP of netinet/in.h

std::uint16_t number16_at(Bytes data, std::size_t at) {
  return static_cast<std::uint16_t>(data[at] << 8U | data[at + 1]);
}

std::optional<IcmpHeader> header_of(Bytes network, Bytes transport) {
  constexpr std::size_t kPacketId = 4;
  constexpr std::size_t kProtocol = 9;
  constexpr std::size_t kSource = 12;
  constexpr std::size_t kDestination = 16;
  if (network.size() < kIpHeader || transport.size() < kIcmpHeader) return std::nullopt;
  if (network[0] >> 4U != 4 || network[kProtocol] != kIcmp) return std::nullopt;
  return IcmpHeader{model::Address::from_bytes(network.subspan(kSource, 4)),
                    model::Address::from_bytes(network.subspan(kDestination, 4)),
                    number16_at(network, kPacketId),
                    transport[0],
                    transport[1],
                    number16_at(transport, 4),
                    number16_at(transport, 6)};
}

bool drops(Bytes attributes) {
  const std::uint32_t type = number32_of(find_attribute(attributes, NFTA_TRACE_TYPE));
  Bytes verdict;
  if (type == NFT_TRACETYPE_POLICY) verdict = find_attribute(attributes, NFTA_TRACE_POLICY);
  if (type == NFT_TRACETYPE_RULE) {
    verdict = find_attribute(find_attribute(attributes, NFTA_TRACE_VERDICT), NFTA_VERDICT_CODE);
  }
  if (verdict.size() != sizeof(std::uint32_t)) return false;
  // Above stands an errno, as in NF_DROP_ERR(); verdicts of nf_tables alone are negative.
  const std::uint32_t code = number32_of(verdict);
  return static_cast<std::int32_t>(code) >= 0 && (code & NF_VERDICT_MASK) == NF_DROP;
}

}  // namespace

Sighting read_sighting(std::uint8_t family, Bytes attributes) {
  const auto get = [&](std::uint16_t type) { return find_attribute(attributes, type); };
  Sighting result;
  result.walk = number32_of(get(NFTA_TRACE_ID));
  result.place = {family, text_of(get(NFTA_TRACE_TABLE)), text_of(get(NFTA_TRACE_CHAIN)),
                  number64_of(get(NFTA_TRACE_RULE_HANDLE))};
  result.dropped = drops(attributes);
  result.header = header_of(get(NFTA_TRACE_NETWORK_HEADER), get(NFTA_TRACE_TRANSPORT_HEADER));
  result.in_link = number32_of(get(NFTA_TRACE_IIF));
  result.mark = number32_of(get(NFTA_TRACE_MARK));
  return result;
}

}  // namespace overland::firewall::follow
