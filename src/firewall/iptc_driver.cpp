#include "firewall/iptc_driver.h"

#include <array>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/file_lock.h"
#include "firewall/iptc_decoding.h"
#include "firewall/iptc_encoding.h"
#include "firewall/iptc_sets.h"
#include "firewall/iptc_table.h"

namespace overland::firewall {
namespace {

using iptc::Sets;
using iptc::Table;
using iptc::TableHandle;
using model::FirewallPolicy;

/// In which order the tables are committed, so that no flow starts between two commits that the
/// finished whole would treat otherwise: raw sets the mark the others act on, so it comes last; and
/// nat, which decides once for the life of a flow, before filter lets the flow through. Without
/// connection tracking nat holds no exception, so traffic has to be untracked before the exception
/// goes.
std::array<Table, 3> commit_order(const FirewallPolicy& policy) {
  if (policy.conntrack) return {Table::kNat, Table::kFilter, Table::kRaw};
  return {Table::kRaw, Table::kNat, Table::kFilter};
}

class IptcDriver : public Driver {
 public:
  IptcDriver(base::Deadline& deadline, IptcOptions options)
      : deadline_(deadline), options_(std::move(options)) {}

  std::optional<model::Firewall> read(const FirewallPolicy& desired) override {
    return iptc::decode(snapshot(), desired);
  }

  void write(const std::optional<model::Firewall>& /*from*/, const FirewallPolicy& to) override {
    const iptc::Encoding wanted = iptc::encode(to);
    const base::FileLock lock = take_lock();
    Sets sets;
    const auto now = sets.read();
    for (const auto& [name, prefixes] : wanted.sets) {
      const auto found = now.find(name);
      if (found == now.end() || !found->second.plain || found->second.prefixes != prefixes) {
        sets.put(name, prefixes);
      }
    }
    const auto name_of = [&sets](std::uint16_t index) { return sets.name_of(index); };
    const auto index_of = [&sets](const std::string& name) { return sets.index_of(name); };
    for (const Table table : commit_order(to)) {
      iptc::update_table(table, [&](TableHandle& handle) {
        return handle.put(wanted.tables.at(table), name_of, index_of);
      });
    }
    // No rule of ours uses these any more.
    for (const std::string& name : sets.names()) {
      if (!wanted.sets.contains(name)) sets.destroy(name);
    }
  }

  void remove() override {
    // Hosts that never had anything of ours here wait for nobody's lock.
    if (iptc::empty(snapshot())) return;
    const base::FileLock lock = take_lock();
    // The mark goes first: without it the rest does nothing.
    for (const Table table : {Table::kRaw, Table::kFilter, Table::kNat}) {
      if (!iptc::live_tables().contains(table)) continue;
      iptc::update_table(table, [](TableHandle& handle) { return handle.clear(); });
    }
    Sets sets;
    for (const std::string& name : sets.names()) sets.destroy(name);
  }

 private:
  static iptc::Snapshot snapshot() {
    Sets sets;
    iptc::Snapshot result;
    const auto name_of = [&sets](std::uint16_t index) { return sets.name_of(index); };
    for (const Table table : iptc::live_tables()) {
      result.tables[table] = TableHandle(table).snapshot(name_of);
    }
    result.sets = sets.read();
    return result;
  }

  base::FileLock take_lock() const {
    const auto patience = options_.patience.value_or(deadline_.left());
    try {
      return base::FileLock(options_.lock);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kLocked || patience.count() == 0) throw;
    }
    if (options_.notice) {
      options_.notice("waiting up to " + std::to_string(patience.count() / 1000) +
                      " s for another program to release the xtables lock " +
                      options_.lock.string());
    }
    const auto start = base::Deadline::Clock::now();
    const auto waited = [&] {
      // What was asked for by name is no neighbour's fault.
      if (!options_.patience) return;
      deadline_.extend(
          std::chrono::ceil<std::chrono::milliseconds>(base::Deadline::Clock::now() - start));
    };
    try {
      base::FileLock lock(options_.lock, patience);
      waited();
      return lock;
    } catch (const base::Error&) {
      waited();
      throw;
    }
  }

  base::Deadline& deadline_;
  IptcOptions options_;
};

}  // namespace

std::unique_ptr<Driver> make_iptc_driver(base::Deadline& deadline, IptcOptions options) {
  return std::make_unique<IptcDriver>(deadline, std::move(options));
}

}  // namespace overland::firewall
