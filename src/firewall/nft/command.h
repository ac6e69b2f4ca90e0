#pragma once
// One command of an nf_tables transaction, as data: decided in nft/write_table.h and
// nft/anchor_state.h, carried out in nft/transaction.h.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "firewall/nft/table.h"

namespace overland::firewall::nft {

enum class Verb : std::uint8_t {
  kAdd,     // what stands already is no error
  kInsert,  // rules only: before all others of the chain
  kFlush,   // chains only: all rules go
  kDelete,
};

struct Rule {
  std::string chain;
  Statements statements;     // to delete: none
  bool comment = false;      // whether it carries model::kRuleComment
  std::uint64_t handle = 0;  // to delete; to add: of the rule it follows, 0: all
};

/// Of one set, of the kind that its type says.
struct Members {
  Set set;
  std::vector<Range> ranges;
  std::vector<std::string> names;
  std::vector<Sender> senders = {};
  std::vector<Pair> pairs = {};
};

struct Command {
  Verb verb = Verb::kAdd;
  std::string table;
  /// Nothing more: the table itself. A chain's rules are commands of their own.
  std::variant<std::monostate, Chain, Set, Rule, Members> object;
  std::uint8_t family = kIpFamily;
};

/// "delete rule ip filter DOCKER-USER handle 7": as nft(8) has it, contents left out.
std::string to_string(const Command& command);

}  // namespace overland::firewall::nft
