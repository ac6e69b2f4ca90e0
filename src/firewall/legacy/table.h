#pragma once
// One legacy table as libiptc reads and replaces it: opened, changed in memory, committed at once
// or not at all. Nobody else's rules or their counters change. The caller holds the xtables lock
// from the opening to the commit; reading needs none.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firewall/anchors.h"

struct ipt_entry;
struct xtc_handle;

namespace overland::firewall::legacy {

struct Rule : AnchorRule {
  std::optional<MarkRule> ours;  // of a rule that is to the last bit one of our chains'
};

/// Which of `among` live in this network namespace: opening another one makes it, and looking for
/// them here does not. nullopt: there can be none.
std::optional<std::set<std::string>> live_tables(const std::set<std::string>& among = {
                                                     "filter", "nat", "raw"});

class Table {
 public:
  /// Makes the table where it is not there yet. Throws kUnsupported where the kernel has none,
  /// kPrivilege without CAP_NET_ADMIN and CAP_NET_RAW.
  explicit Table(const std::string& name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::vector<std::string> chains() const;
  [[nodiscard]] bool has(const std::string& chain) const;
  [[nodiscard]] std::vector<Rule> rules(const std::string& chain) const;
  /// Each rule as it is, with what iptc_get_target() says of it.
  void visit(const std::string& chain,
             const std::function<void(const ipt_entry&, const std::string& target)>& rule) const;
  /// Of a chain of the kernel's.
  [[nodiscard]] bool drops(const std::string& chain) const;
  /// How many packets it has met.
  [[nodiscard]] std::uint64_t policy_packets(const std::string& chain) const;
  void set_policy(const std::string& chain, bool drop);
  /// Holds no rule, and no rule leads to it.
  [[nodiscard]] bool unused(const std::string& chain) const;

  void make(const std::string& chain);
  void flush(const std::string& chain);
  void remove(const std::string& chain);
  /// Positions count from 0.
  void erase(const std::string& chain, std::size_t position);
  void insert_jump(const std::string& chain, std::size_t position, const std::string& target);
  void append(const std::string& chain, const MarkRule& rule);

 private:
  friend void update(const std::string& name, const std::function<bool(Table&)>& change);

  struct Free {
    void operator()(xtc_handle* handle) const;
  };

  [[noreturn]] void fail(const std::string& what) const;
  void check(int result, const std::string& what) const;
  /// False where somebody changed the table since it was opened.
  [[nodiscard]] bool commit();

  std::string name_;
  std::unique_ptr<xtc_handle, Free> handle_;
};

/// Opens, lets `change` work and commits; again from the start while others commit in between.
/// `change` returns whether there is something to commit.
void update(const std::string& name, const std::function<bool(Table&)>& change);

}  // namespace overland::firewall::legacy
