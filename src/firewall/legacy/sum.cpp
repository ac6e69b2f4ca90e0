#include "firewall/legacy/sum.h"

// Before all others: see entry.cpp.
#include <libiptc/libiptc.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "firewall/legacy/old_sets.h"
#include "firewall/legacy/table.h"

namespace overland::firewall::legacy {
namespace {

void add_rule(const ipt_entry& entry, const std::string& target, base::Digest& sum) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&entry);
  constexpr std::size_t kCounters = offsetof(ipt_entry, counters);
  constexpr std::size_t kBehind = kCounters + sizeof(xt_counters);
  sum.add(std::span(bytes, kCounters));
  sum.add(std::span(bytes + kBehind, std::size_t{entry.next_offset} - kBehind));
  sum.add(target);
}

}  // namespace

void add_tables(base::Digest& sum) {
  const auto tables = live_tables({"filter", "mangle", "nat", "raw", "security"});
  if (!tables) return;
  for (const std::string& name : *tables) {
    const Table table(name);
    sum.add(name);
    for (const std::string& chain : table.chains()) {
      sum.add(chain);
      sum.add(std::uint64_t{table.drops(chain)});
      table.visit(chain, [&](const ipt_entry& entry, const std::string& target) {
        add_rule(entry, target, sum);
      });
    }
  }
  for (const std::string& name : old_sets()) sum.add(name);
}

}  // namespace overland::firewall::legacy
