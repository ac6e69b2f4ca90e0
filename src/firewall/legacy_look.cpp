#include "firewall/legacy_look.h"

// First: the kernel headers it needs do not compile after some of the others.
#include <libiptc/libiptc.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "model/ownership.h"

namespace overland::firewall {
namespace {

struct FreeHandle {
  void operator()(xtc_handle* handle) const { iptc_free(handle); }
};

/// Of the thread: /proc/net belongs to the process's first one. nullopt: no legacy support loaded.
std::optional<std::string> table_names() {
  constexpr std::size_t kLimit = 65536;
  return base::read_file("/proc/thread-self/net/ip_tables_names", kLimit);
}

/// The chains we jump to and those below them.
bool ours(std::string_view chain) { return chain.starts_with(model::kChainPrefix); }

void look_at_table(const std::string& table, LegacyLook& look) {
  const std::unique_ptr<xtc_handle, FreeHandle> handle(iptc_init(table.c_str()));
  if (!handle) base::throw_errno("cannot read the legacy table " + table, errno);
  if (table == "filter") {
    xt_counters counters = {};
    const char* policy = iptc_get_policy("FORWARD", &counters, handle.get());
    look.forward_drops = policy != nullptr && std::string_view(policy) == "DROP";
  }
  for (const char* chain = iptc_first_chain(handle.get()); chain != nullptr;
       chain = iptc_next_chain(handle.get())) {
    if (ours(chain)) continue;
    for (const ipt_entry* rule = iptc_first_rule(chain, handle.get()); rule != nullptr;
         rule = iptc_next_rule(rule, handle.get())) {
      const char* name = iptc_get_target(rule, handle.get());
      const std::string_view target = name == nullptr ? "" : name;
      if (!ours(target)) look.foreign_rules = true;
      if (table == "filter" && std::string_view(chain) == "FORWARD" && target == "DOCKER-USER") {
        look.docker_chains = true;
      }
    }
  }
}

}  // namespace

LegacyLook look_at_legacy() {
  LegacyLook look;
  const auto listed = table_names();
  if (!listed) return look;
  look.usable = true;
  const std::string names = "\n" + *listed;
  for (const char* table : {"filter", "nat", "raw"}) {
    if (names.find("\n" + std::string(table) + "\n") != std::string::npos) {
      look_at_table(table, look);
    }
  }
  return look;
}

}  // namespace overland::firewall
