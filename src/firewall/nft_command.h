#pragma once
// One command of an nf_tables transaction, as data: decided in nft/write_table.h and
// nft/anchor_state.h, carried out in nft_transaction.h. All tables are of family ip.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "firewall/nft_table.h"

namespace overland::firewall {

enum class NftVerb : std::uint8_t {
  kAdd,     // what stands already is no error
  kInsert,  // rules only: before all others of the chain
  kFlush,   // chains only: all rules go
  kDelete,
};

struct NftRule {
  std::string chain;
  NftStatements statements;  // to delete: none
  bool comment = false;      // whether it carries model::kRuleComment
  std::uint64_t handle = 0;  // to delete; to add: of the rule it follows, 0: all
};

/// Of one set, either kind by the set's type.
struct NftMembers {
  NftSet set;
  std::vector<NftRange> ranges;
  std::vector<std::string> names;
};

struct NftCommand {
  NftVerb verb = NftVerb::kAdd;
  std::string table;
  /// Nothing more: the table itself. A chain's rules are commands of their own.
  std::variant<std::monostate, NftChain, NftSet, NftRule, NftMembers> object;
};

/// "delete rule ip filter DOCKER-USER handle 7": as nft(8) has it, contents left out.
std::string to_string(const NftCommand& command);

}  // namespace overland::firewall
