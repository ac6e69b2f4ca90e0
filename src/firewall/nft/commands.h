#pragma once
// A list of commands of one nf_tables transaction as it is made up.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "firewall/nft_command.h"

namespace overland::firewall::nft {

class Commands {
 public:
  void add(const std::string& table) { push(NftVerb::kAdd, table, std::monostate{}); }
  void remove(const std::string& table) { push(NftVerb::kDelete, table, std::monostate{}); }
  void add(const std::string& table, NftSet set) { push(NftVerb::kAdd, table, std::move(set)); }
  /// The chain alone.
  void add(const std::string& table, const NftChain& chain) {
    push(NftVerb::kAdd, table,
         NftChain{chain.name, chain.type, chain.hook, chain.priority, chain.policy, {}});
  }
  void add_chain(const std::string& table, const std::string& name) { add(table, named(name)); }
  void flush_chain(const std::string& table, const std::string& name) {
    push(NftVerb::kFlush, table, named(name));
  }
  void remove_chain(const std::string& table, const std::string& name) {
    push(NftVerb::kDelete, table, named(name));
  }
  void add_rules(const std::string& table, const std::string& chain,
                 const std::vector<NftStatements>& rules, bool comment) {
    for (const NftStatements& rule : rules) {
      push(NftVerb::kAdd, table, NftRule{chain, rule, comment, 0});
    }
  }
  /// Below the rule `after`; 0: above all others.
  void put_rule(const std::string& table, const std::string& chain, NftStatements rule,
                std::uint64_t after) {
    push(after == 0 ? NftVerb::kInsert : NftVerb::kAdd, table,
         NftRule{chain, std::move(rule), true, after});
  }
  void remove_rule(const std::string& table, const std::string& chain, std::uint64_t handle) {
    push(NftVerb::kDelete, table, NftRule{chain, {}, false, handle});
  }
  void change_members(NftVerb verb, const std::string& table, NftMembers members) {
    if (!members.ranges.empty() || !members.names.empty()) push(verb, table, std::move(members));
  }

  [[nodiscard]] std::vector<NftCommand> take() { return std::move(commands_); }

 private:
  static NftChain named(const std::string& name) { return {name, "", "", 0, "", {}}; }

  template <typename Object>
  void push(NftVerb verb, const std::string& table, Object object) {
    commands_.push_back({verb, table, std::move(object)});
  }

  std::vector<NftCommand> commands_;
};

}  // namespace overland::firewall::nft
