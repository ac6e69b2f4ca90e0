#pragma once
// A list of commands of one nf_tables transaction as it is made up.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "firewall/nft/command.h"

namespace overland::firewall::nft {

class Commands {
 public:
  explicit Commands(std::uint8_t family = kIpFamily) : family_(family) {}

  void add(const std::string& table) { push(Verb::kAdd, table, std::monostate{}); }
  void remove(const std::string& table) { push(Verb::kDelete, table, std::monostate{}); }
  void add(const std::string& table, Set set) { push(Verb::kAdd, table, std::move(set)); }
  void remove(const std::string& table, Set set) { push(Verb::kDelete, table, std::move(set)); }
  /// The chain alone.
  void add(const std::string& table, const Chain& chain) {
    push(Verb::kAdd, table,
         Chain{chain.name, chain.type, chain.hook, chain.priority, chain.policy, {}, chain.device});
  }
  void add_chain(const std::string& table, const std::string& name) { add(table, named(name)); }
  /// Of a base chain that stands.
  void add_policy(const std::string& table, const std::string& chain, const char* policy) {
    push(Verb::kAdd, table, Chain{chain, "", "", 0, policy, {}});
  }
  void flush_chain(const std::string& table, const std::string& name) {
    push(Verb::kFlush, table, named(name));
  }
  void remove_chain(const std::string& table, const std::string& name) {
    push(Verb::kDelete, table, named(name));
  }
  void add_rules(const std::string& table, const std::string& chain,
                 const std::vector<Statements>& rules, bool comment) {
    for (const Statements& rule : rules) {
      push(Verb::kAdd, table, Rule{chain, rule, comment, 0});
    }
  }
  /// Below the rule `after`; 0: above all others.
  void put_rule(const std::string& table, const std::string& chain, Statements rule,
                std::uint64_t after) {
    push(after == 0 ? Verb::kInsert : Verb::kAdd, table, Rule{chain, std::move(rule), true, after});
  }
  void remove_rule(const std::string& table, const std::string& chain, std::uint64_t handle) {
    push(Verb::kDelete, table, Rule{chain, {}, false, handle});
  }
  void change_members(Verb verb, const std::string& table, Members members) {
    const bool none = members.ranges.empty() && members.names.empty() && members.senders.empty() &&
                      members.pairs.empty();
    if (!none) push(verb, table, std::move(members));
  }

  [[nodiscard]] std::vector<Command> take() { return std::move(commands_); }

 private:
  static Chain named(const std::string& name) { return {name, "", "", 0, "", {}}; }

  template <typename Object>
  void push(Verb verb, const std::string& table, Object object) {
    commands_.push_back({verb, table, std::move(object), family_});
  }

  std::uint8_t family_;
  std::vector<Command> commands_;
};

}  // namespace overland::firewall::nft
