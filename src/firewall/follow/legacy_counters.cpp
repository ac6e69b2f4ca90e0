// Before all others: see legacy/entry.cpp.
#include "firewall/follow/legacy_counters.h"

#include <arpa/inet.h>
#include <libiptc/libiptc.h>

#include <algorithm>
#include <set>

#include "firewall/legacy/table.h"
#include "firewall/printable.h"
#include "firewall/trace/legacy_rules.h"
#include "firewall/trace/text.h"

namespace overland::firewall::follow {
namespace {

bool meets(std::uint32_t address, std::uint32_t wanted, std::uint32_t mask, bool inverted) {
  return ((address & mask) == (wanted & mask)) != inverted;
}

LegacyDropper dropper_of(const ipt_entry& entry, const std::string& chain, std::size_t number) {
  LegacyDropper result;
  result.chain = chain;
  result.rule = number;
  result.packets = entry.counters.pcnt;
  result.source = ntohl(entry.ip.src.s_addr);
  result.source_mask = ntohl(entry.ip.smsk.s_addr);
  result.destination = ntohl(entry.ip.dst.s_addr);
  result.destination_mask = ntohl(entry.ip.dmsk.s_addr);
  result.source_inverted = (entry.ip.invflags & IPT_INV_SRCIP) != 0;
  result.destination_inverted = (entry.ip.invflags & IPT_INV_DSTIP) != 0;
  return result;
}

class Search {
 public:
  explicit Search(const std::string& table) : table_(table), words_(trace::legacy_rules(table_)) {}

  void chain(const std::string& name) {
    if (!seen_.insert(name).second || !table_.has(name)) return;
    std::vector<std::string> jumps;
    std::size_t number = 0;
    table_.visit(name, [&](const ipt_entry& entry, const std::string& target) {
      ++number;
      if (target == IPTC_LABEL_DROP || target == "REJECT") {
        found_.push_back(dropper_of(entry, name, number));
        found_.back().words = trace::rule_text(words_.at(name).at(number - 1).expressions);
      } else {
        jumps.push_back(target);
      }
    });
    for (const std::string& target : jumps) chain(target);
  }

  std::vector<LegacyDropper> finish(const std::string& base) {
    if (table_.drops(base)) {
      LegacyDropper policy;
      policy.chain = base;
      policy.packets = table_.policy_packets(base);
      found_.push_back(std::move(policy));
    }
    return std::move(found_);
  }

 private:
  legacy::Table table_;
  trace::TraceRules words_;
  std::set<std::string> seen_;
  std::vector<LegacyDropper> found_;
};

}  // namespace

bool LegacyDropper::concerns(const model::Address& from, const model::Address& to) const {
  return meets(from.ipv4(), source, source_mask, source_inverted) &&
         meets(to.ipv4(), destination, destination_mask, destination_inverted);
}

bool LegacyDropper::is(const LegacyDropper& other) const {
  return chain == other.chain && rule == other.rule && words == other.words;
}

std::vector<LegacyDropper> droppers_from(const std::string& table, const std::string& chain) {
  Search search(table);
  search.chain(chain);
  return search.finish(chain);
}

std::string probable_dropper(const std::string& table, const std::string& chain,
                             const std::vector<LegacyDropper>& before,
                             const std::vector<LegacyDropper>& after, std::uint64_t lost,
                             const model::Address& from, const model::Address& to) {
  const LegacyDropper* best = nullptr;
  std::uint64_t fewest = 0;
  for (const LegacyDropper& now : after) {
    const auto then =
        std::ranges::find_if(before, [&](const LegacyDropper& one) { return one.is(now); });
    if (then == before.end() || now.packets < then->packets) continue;
    const std::uint64_t risen = now.packets - then->packets;
    if (risen < lost || !now.concerns(from, to) || (best != nullptr && risen >= fewest)) continue;
    best = &now;
    fewest = risen;
  }
  const std::string kind = "legacy " + table + " ";
  if (best == nullptr) return kind + chain + ", or a chain below it";
  const std::string place = kind + printable(best->chain);
  if (best->rule == 0) return "the policy of " + place;
  return place + ", rule " + std::to_string(best->rule) + ": " + best->words;
}

}  // namespace overland::firewall::follow
