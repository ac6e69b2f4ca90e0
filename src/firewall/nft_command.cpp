#include "firewall/nft_command.h"

#include <array>

#include "firewall/printable.h"

namespace overland::firewall {
namespace {

std::string name_of(const NftChain& chain) { return " " + printable(chain.name); }
std::string name_of(const NftSet& set) { return " " + printable(set.name); }
std::string name_of(const NftMembers& members) { return " " + printable(members.set.name); }
std::string name_of(std::monostate) { return ""; }
std::string name_of(const NftRule& rule) {
  const char* place = rule.statements.empty() ? " handle " : " position ";
  return " " + printable(rule.chain) +
         (rule.handle == 0 ? "" : place + std::to_string(rule.handle));
}

}  // namespace

std::string to_string(const NftCommand& command) {
  constexpr std::array<const char*, 4> kVerbs = {"add", "insert", "flush", "delete"};
  constexpr std::array<const char*, 5> kKinds = {"table", "chain", "set", "rule", "element"};
  const std::string name =
      std::visit([](const auto& object) { return name_of(object); }, command.object);
  return std::string(kVerbs.at(static_cast<std::size_t>(command.verb))) + " " +
         kKinds.at(command.object.index()) + " ip " + command.table + name;
}

}  // namespace overland::firewall
