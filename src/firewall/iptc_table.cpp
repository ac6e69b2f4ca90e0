#include "firewall/iptc_table.h"

// Before all others: see iptc_entry.cpp.
#include <libiptc/libiptc.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "firewall/iptc_decoding.h"
#include "model/ownership.h"

namespace overland::firewall::iptc {
namespace {

constexpr int kAttempts = 50;

bool ours(const std::string& chain) { return chain.starts_with(model::kChainPrefix); }

[[noreturn]] void fail(Table table, const std::string& what, int error) {
  const std::string message = std::string("legacy table ") + table_name(table) + ": " + what;
  // libiptc's and the kernel's ways to say "no such table, match or target".
  if (error == ENOENT || error == ENOPROTOOPT || error == EOPNOTSUPP) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      message +
                          ": the kernel lacks it or an extension of iptables we use "
                          "(comment, mark, conntrack, CT, set)",
                      error);
  }
  base::throw_errno(message, error);
}

xtc_handle* open_table(Table table) {
  xtc_handle* handle = iptc_init(table_name(table));
  if (handle != nullptr || errno != ENOPROTOOPT) return handle;
  // The kernel loads the table's module by itself, but not ip_tables: iptables does that, and may
  // not have run yet. What modprobe says does not matter, the second try does.
  constexpr const char* kModprobe = "/sbin/modprobe";
  constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);
  try {
    static_cast<void>(base::run(kModprobe, {"-q", "ip_tables"}, kPatience));
  } catch (const base::Error&) {
    // Not there, or stuck: what follows tells.
  }
  return iptc_init(table_name(table));
}

std::vector<std::string> chain_names(xtc_handle* handle) {
  std::vector<std::string> names;
  for (const char* name = iptc_first_chain(handle); name != nullptr;
       name = iptc_next_chain(handle)) {
    names.emplace_back(name);
  }
  return names;
}

}  // namespace

std::set<Table> live_tables() {
  // Of the thread: /proc/net belongs to the process's first one.
  constexpr const char* kNames = "/proc/thread-self/net/ip_tables_names";
  constexpr std::size_t kLimit = 65536;
  const std::string names = "\n" + base::read_file(kNames, kLimit).value_or("");
  std::set<Table> tables;
  for (const Table table : {Table::kNat, Table::kFilter, Table::kRaw}) {
    if (names.find("\n" + std::string(table_name(table)) + "\n") != std::string::npos) {
      tables.insert(table);
    }
  }
  return tables;
}

void TableHandle::Free::operator()(xtc_handle* handle) const { iptc_free(handle); }

TableHandle::TableHandle(Table table) : table_(table), handle_(open_table(table)) {
  if (!handle_) fail(table_, "cannot open it", errno);
}

void TableHandle::check(int result, const std::string& what) const {
  if (result == 0) fail(table_, what, errno);
}

TableSnapshot TableHandle::snapshot(const SetNameOf& name_of) {
  TableSnapshot result;
  for (const std::string& chain : chain_names(handle_.get())) {
    auto* own = ours(chain) ? &result.chains[chain] : nullptr;
    std::size_t position = 0;
    for (const ipt_entry* entry = iptc_first_rule(chain.c_str(), handle_.get()); entry != nullptr;
         entry = iptc_next_rule(entry, handle_.get())) {
      ++position;
      const char* name = iptc_get_target(entry, handle_.get());
      const std::string target = name == nullptr ? "" : name;
      if (own != nullptr) {
        own->push_back(decode_entry(*entry, target, name_of));
      } else if (ours(target)) {
        const auto rule = decode_entry(*entry, target, name_of);
        result.jumps.push_back({chain, position, target, rule && *rule == jump_to(target)});
      }
    }
  }
  return result;
}

void TableHandle::remove_jumps(const TableSnapshot& now) {
  // From the last to the first, so that the positions stay true.
  for (auto jump = now.jumps.rbegin(); jump != now.jumps.rend(); ++jump) {
    check(iptc_delete_num_entry(jump->chain.c_str(), static_cast<unsigned>(jump->position - 1),
                                handle_.get()),
          "cannot delete from " + jump->chain);
  }
}

void TableHandle::flush(const std::string& chain) {
  check(iptc_flush_entries(chain.c_str(), handle_.get()), "cannot flush " + chain);
}

bool TableHandle::put(const TableRules& rules, const SetNameOf& name_of,
                      const SetIndexOf& index_of) {
  const TableSnapshot now = snapshot(name_of);
  std::vector<std::string> changed;
  std::vector<std::string> unwanted;
  for (const auto& [name, chain] : rules.chains) {
    const auto found = now.chains.find(name);
    if (found == now.chains.end() || !chain_equals(found->second, chain)) changed.push_back(name);
  }
  for (const auto& [name, chain] : now.chains) {
    if (!rules.chains.contains(name)) unwanted.push_back(name);
  }
  const bool keep_jumps = jumps_right(now, rules);
  if (changed.empty() && unwanted.empty() && keep_jumps) return false;

  if (!keep_jumps) remove_jumps(now);
  // First all flushed, then all made: a chain can go only when no rule leads to it, and a rule can
  // lead only to a chain that is there.
  for (const std::string& name : unwanted) flush(name);
  for (const std::string& name : changed) {
    if (now.chains.contains(name)) {
      flush(name);
    } else {
      check(iptc_create_chain(name.c_str(), handle_.get()), "cannot make " + name);
    }
  }
  for (const std::string& name : changed) {
    for (const Rule& rule : rules.chains.at(name)) {
      check(iptc_append_entry(name.c_str(), encode_entry(rule, index_of).get(), handle_.get()),
            "cannot append to " + name);
    }
  }
  for (const std::string& name : unwanted) {
    check(iptc_delete_chain(name.c_str(), handle_.get()), "cannot delete " + name);
  }
  if (!keep_jumps) {
    if (iptc_is_chain(rules.anchor.c_str(), handle_.get()) == 0) {
      check(iptc_create_chain(rules.anchor.c_str(), handle_.get()), "cannot make " + rules.anchor);
    }
    const Entry jump = encode_entry(jump_to(rules.entry), index_of);
    check(iptc_insert_entry(rules.anchor.c_str(), jump.get(), 0, handle_.get()),
          "cannot insert into " + rules.anchor);
  }
  return true;
}

bool TableHandle::clear() {
  const TableSnapshot now = snapshot([](std::uint16_t) { return std::string(); });
  if (now.chains.empty() && now.jumps.empty()) return false;
  remove_jumps(now);
  for (const auto& [name, chain] : now.chains) flush(name);
  for (const auto& [name, chain] : now.chains) {
    check(iptc_delete_chain(name.c_str(), handle_.get()), "cannot delete " + name);
  }
  unsigned references = 0;
  if (table_ == Table::kFilter && iptc_is_chain(kDockerUserChain, handle_.get()) != 0 &&
      iptc_first_rule(kDockerUserChain, handle_.get()) == nullptr &&
      iptc_get_references(&references, kDockerUserChain, handle_.get()) != 0 && references == 0) {
    check(iptc_delete_chain(kDockerUserChain, handle_.get()), "cannot delete DOCKER-USER");
  }
  return true;
}

bool TableHandle::commit() {
  if (iptc_commit(handle_.get()) != 0) return true;
  if (errno == EAGAIN) return false;
  fail(table_, "cannot commit", errno);
}

void update_table(Table table, const std::function<bool(TableHandle&)>& change) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    TableHandle handle(table);
    if (!change(handle) || handle.commit()) return;
  }
  throw base::Error(base::ErrorKind::kFailure,
                    std::string("legacy table ") + table_name(table) +
                        ": other programs change it all the time, without its lock",
                    EAGAIN);
}

}  // namespace overland::firewall::iptc
