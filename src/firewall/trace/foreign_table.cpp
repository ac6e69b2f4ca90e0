// What is said of a foreign table, and the commands that change it.

#include <cstdint>
#include <set>
#include <sstream>

#include "firewall/printable.h"
#include "firewall/trace/text.h"
#include "firewall/trace/way.h"

namespace overland::firewall::trace {

bool ForeignTable::of_iptables() const {
  static const std::set<std::string> kNames = {"filter", "mangle", "nat", "raw"};
  return legacy || (family == kIpv4 && kNames.contains(name));
}

std::string ForeignTable::nft_name() const {
  return nft::family_name(family) + " " + printable(name);
}

std::string ForeignTable::title() const {
  return legacy ? "legacy table " + name : "table " + nft_name();
}

std::string ForeignTable::place_of(const std::string& chain, std::uint64_t handle) const {
  std::string said = "\"policy drop\"";
  for (const TraceRule& rule : rules->rules(chain)) {
    if (rule.handle != handle) continue;
    said = "\"" + rule_text(rule.expressions) + "\" (" + (legacy ? "rule " : "handle ") +
           std::to_string(handle) + ")";
  }
  return said + " in chain " + printable(chain) + " of " + title();
}

std::string ForeignTable::remove(const std::string& chain, std::uint64_t handle) const {
  const std::string place = printable(chain) + " " + (legacy ? "" : "handle ");
  return (legacy ? "iptables-legacy -t " + name + " -D " : "nft delete rule " + nft_name() + " ") +
         place + std::to_string(handle);
}

std::string ForeignTable::accept(const std::string& chain, std::uint32_t mark) const {
  std::ostringstream hex;
  hex << "0x" << std::hex << mark;
  if (of_iptables()) {
    return std::string(legacy ? "iptables-legacy" : "iptables-nft") + " -t " + name + " -I " +
           printable(chain) + " -m mark --mark " + hex.str() + "/" + hex.str() + " -j ACCEPT";
  }
  return "nft insert rule " + nft_name() + " " + printable(chain) + " meta mark and " + hex.str() +
         " == " + hex.str() + " accept";
}

std::string ForeignTable::accept_port(const std::string& chain, std::uint16_t port) const {
  if (of_iptables()) {
    return std::string(legacy ? "iptables-legacy" : "iptables-nft") + " -t " + name + " -I " +
           printable(chain) + " -p udp --dport " + std::to_string(port) + " -j ACCEPT";
  }
  return "nft insert rule " + nft_name() + " " + printable(chain) + " udp dport " +
         std::to_string(port) + " accept";
}

std::string ForeignTable::accept_between(const std::string& chain, const model::Prefix& source,
                                         const model::Prefix& destination) const {
  return "nft insert rule " + nft_name() + " " + printable(chain) + " ip saddr " +
         source.to_string() + " ip daddr " + destination.to_string() + " accept";
}

}  // namespace overland::firewall::trace
