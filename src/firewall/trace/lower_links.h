#pragma once
// Links beneath others: what comes in by a VLAN, a bond or a bridge has come in by them before, and
// passes their chains.

#include <string>
#include <vector>

namespace overland::firewall::trace {

struct LowerLink {
  std::string name;
  std::string of;      // the link above, one of those asked about
  bool tagged = true;  // frames are not as they are above
  bool all = true;     // each packet passes it; else it is one of several
};

/// The parents and members of these links, and theirs; none of a link that is gone. Throws where
/// the kernel does not say.
std::vector<LowerLink> lower_links(const std::vector<std::string>& links);

}  // namespace overland::firewall::trace
