#include "firewall/legacy/table.h"

// Before all others: see entry.cpp.
#include <libiptc/libiptc.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "firewall/legacy/entry.h"

namespace overland::firewall::legacy {
namespace {

constexpr int kAttempts = 50;

xtc_handle* open_table(const std::string& name) {
  xtc_handle* handle = iptc_init(name.c_str());
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
  return iptc_init(name.c_str());
}

}  // namespace

std::optional<std::set<std::string>> live_tables(const std::set<std::string>& among) {
  // Of the thread: /proc/net belongs to the process's first one.
  constexpr const char* kNames = "/proc/thread-self/net/ip_tables_names";
  constexpr std::size_t kLimit = 65536;
  const auto listed = base::read_file(kNames, kLimit);
  if (!listed) return std::nullopt;
  const std::string names = "\n" + *listed;
  std::set<std::string> tables;
  for (const std::string& name : among) {
    if (names.find("\n" + name + "\n") != std::string::npos) tables.insert(name);
  }
  return tables;
}

void Table::Free::operator()(xtc_handle* handle) const { iptc_free(handle); }

Table::Table(const std::string& name) : name_(name), handle_(open_table(name)) {
  if (!handle_) fail("cannot open it");
}

void Table::fail(const std::string& what) const {
  const int error = errno;
  const std::string message = "legacy table " + name_ + ": " + what;
  // libiptc's and the kernel's ways to say "no such table, match or target".
  if (error == ENOENT || error == ENOPROTOOPT || error == EOPNOTSUPP) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        message + ": the kernel lacks it or an extension of iptables we use (comment, mark)",
        error);
  }
  base::throw_errno(message, error);
}

void Table::check(int result, const std::string& what) const {
  if (result == 0) fail(what);
}

std::vector<std::string> Table::chains() const {
  std::vector<std::string> names;
  for (const char* name = iptc_first_chain(handle_.get()); name != nullptr;
       name = iptc_next_chain(handle_.get())) {
    names.emplace_back(name);
  }
  return names;
}

bool Table::has(const std::string& chain) const {
  return iptc_is_chain(chain.c_str(), handle_.get()) != 0;
}

void Table::visit(
    const std::string& chain,
    const std::function<void(const ipt_entry&, const std::string& target)>& rule) const {
  for (const ipt_entry* entry = iptc_first_rule(chain.c_str(), handle_.get()); entry != nullptr;
       entry = iptc_next_rule(entry, handle_.get())) {
    const char* target = iptc_get_target(entry, handle_.get());
    rule(*entry, target == nullptr ? "" : target);
  }
}

std::vector<Rule> Table::rules(const std::string& chain) const {
  std::vector<Rule> result;
  visit(chain, [&](const ipt_entry& entry, const std::string& target) {
    result.push_back(read_entry(entry, target));
  });
  return result;
}

bool Table::drops(const std::string& chain) const {
  xt_counters counters = {};
  const char* policy = iptc_get_policy(chain.c_str(), &counters, handle_.get());
  return policy != nullptr && std::string_view(policy) == IPTC_LABEL_DROP;
}

std::uint64_t Table::policy_packets(const std::string& chain) const {
  xt_counters counters = {};
  iptc_get_policy(chain.c_str(), &counters, handle_.get());
  return counters.pcnt;
}

void Table::set_policy(const std::string& chain, bool drop) {
  check(iptc_set_policy(chain.c_str(), drop ? IPTC_LABEL_DROP : IPTC_LABEL_ACCEPT, nullptr,
                        handle_.get()),
        "cannot set the policy of " + chain);
}

bool Table::unused(const std::string& chain) const {
  unsigned references = 0;
  return has(chain) && iptc_first_rule(chain.c_str(), handle_.get()) == nullptr &&
         iptc_get_references(&references, chain.c_str(), handle_.get()) != 0 && references == 0;
}

void Table::make(const std::string& chain) {
  check(iptc_create_chain(chain.c_str(), handle_.get()), "cannot make " + chain);
}

void Table::flush(const std::string& chain) {
  check(iptc_flush_entries(chain.c_str(), handle_.get()), "cannot flush " + chain);
}

void Table::remove(const std::string& chain) {
  check(iptc_delete_chain(chain.c_str(), handle_.get()), "cannot delete " + chain);
}

void Table::erase(const std::string& chain, std::size_t position) {
  check(iptc_delete_num_entry(chain.c_str(), static_cast<unsigned>(position), handle_.get()),
        "cannot delete from " + chain);
}

void Table::insert_jump(const std::string& chain, std::size_t position, const std::string& target) {
  check(iptc_insert_entry(chain.c_str(), Entry::jump(target).get(), static_cast<unsigned>(position),
                          handle_.get()),
        "cannot insert into " + chain);
}

void Table::append(const std::string& chain, const MarkRule& rule) {
  check(iptc_append_entry(chain.c_str(), Entry::of(rule).get(), handle_.get()),
        "cannot append to " + chain);
}

bool Table::commit() {
  if (iptc_commit(handle_.get()) != 0) return true;
  if (errno == EAGAIN) return false;
  fail("cannot commit");
}

void update(const std::string& name, const std::function<bool(Table&)>& change) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Table table(name);
    if (!change(table) || table.commit()) return;
  }
  throw base::Error(
      base::ErrorKind::kFailure,
      "legacy table " + name + ": other programs change it all the time, without its lock", EAGAIN);
}

}  // namespace overland::firewall::legacy
