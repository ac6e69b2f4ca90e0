#include "firewall/follow/own_table.h"

#include <utility>

#include "firewall/nft/dump.h"
#include "firewall/nft/owned_table.h"

namespace overland::firewall::follow {
namespace {

constexpr const char* kFlows = "flows";

}  // namespace

OwnTable::OwnTable(const std::vector<Bracket>& brackets, const std::vector<std::uint16_t>& icmp_ids)
    : name_(nft::fresh_table_name("witness")), socket_(NETLINK_NETFILTER) {
  constexpr std::uint32_t kId = 4;         // of struct icmphdr, linux/icmp.h
  constexpr std::uint32_t kIdWithin = 32;  // behind an error's header and an IP header
  nft::OwnedTable table(name_);
  table.chain(kFlows);
  for (const Bracket& one : brackets) {
    table.base_chain(one.name, static_cast<int>(one.hook), one.priority);
    if (!one.begins) continue;
    table.begin_rule(one.name);
    table.match_icmp();
    table.jump(kFlows);
    table.end_rule();
  }
  for (const std::uint16_t id : icmp_ids) {
    for (const std::uint32_t offset : {kId, kIdWithin}) {
      table.begin_rule(kFlows);
      table.match_id(offset, id);
      table.trace();
      table.end_rule();
    }
  }
  table.make(socket_, "which rule drops a packet");
}

std::map<std::uint64_t, Origin> OwnTable::origins() const {
  std::map<std::uint64_t, Origin> result;
  std::size_t place = 0;
  for (const nft::RuleEntry& rule : nft::Dump().rules(name_, kFlows)) {
    result[rule.handle] = {place / 2, place % 2 == 1};
    ++place;
  }
  return result;
}

}  // namespace overland::firewall::follow
