#include "firewall/nft/command.h"

#include <array>

#include "firewall/printable.h"

namespace overland::firewall::nft {
namespace {

std::string name_of(const Chain& chain) { return " " + printable(chain.name); }
std::string name_of(const Set& set) { return " " + printable(set.name); }
std::string name_of(const Members& members) { return " " + printable(members.set.name); }
std::string name_of(std::monostate) { return ""; }
std::string name_of(const Rule& rule) {
  const char* place = rule.statements.empty() ? " handle " : " position ";
  return " " + printable(rule.chain) +
         (rule.handle == 0 ? "" : place + std::to_string(rule.handle));
}

}  // namespace

std::string to_string(const Command& command) {
  constexpr std::array<const char*, 4> kVerbs = {"add", "insert", "flush", "delete"};
  constexpr std::array<const char*, 5> kKinds = {"table", "chain", "set", "rule", "element"};
  const std::string name =
      std::visit([](const auto& object) { return name_of(object); }, command.object);
  return std::string(kVerbs.at(static_cast<std::size_t>(command.verb))) + " " +
         kKinds.at(command.object.index()) + " " + family_name(command.family) + " " +
         command.table + name;
}

}  // namespace overland::firewall::nft
