#pragma once
// One legacy table as libiptc reads and replaces it: opened, changed in memory, committed at once
// or not at all. Nobody else's rules or their counters change. The caller holds the xtables lock
// from the opening to the commit; reading needs none.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "firewall/iptc_encoding.h"
#include "firewall/iptc_entry.h"
#include "firewall/iptc_snapshot.h"

struct xtc_handle;

namespace overland::firewall::iptc {

/// The tables that live in this network namespace. Opening another one makes it, and looking for
/// them here does not.
std::set<Table> live_tables();

class TableHandle {
 public:
  /// Makes the table where it is not there yet. Throws kUnsupported where the kernel has none,
  /// kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW.
  explicit TableHandle(Table table);

  [[nodiscard]] TableSnapshot snapshot(const SetNameOf& name_of);
  /// Changes chains that differ from `rules` and, where need be, the jumps; false: all is right.
  bool put(const TableRules& rules, const SetNameOf& name_of, const SetIndexOf& index_of);
  /// Takes out all that is ours, and then an empty DOCKER-USER nobody uses; false: nothing there.
  bool clear();
  /// Writes the changes; false where somebody changed the table since it was opened.
  [[nodiscard]] bool commit();

 private:
  struct Free {
    void operator()(xtc_handle* handle) const;
  };

  void check(int result, const std::string& what) const;
  void remove_jumps(const TableSnapshot& now);
  void flush(const std::string& chain);

  Table table_;
  std::unique_ptr<xtc_handle, Free> handle_;
};

/// Opens, lets `change` work and commits; again from the start while others commit in between.
/// `change` returns whether there is something to commit.
void update_table(Table table, const std::function<bool(TableHandle&)>& change);

}  // namespace overland::firewall::iptc
