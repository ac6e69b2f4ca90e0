#pragma once
// The ipsets `overland-…` an earlier version kept long lists in, by the kernel's own netlink
// protocol (linux/netfilter/ipset/ip_set.h). Nothing makes such sets any more.

#include <string>
#include <vector>

namespace overland::firewall::legacy {

/// Their names. Asking does not load ipset; where the kernel has not, there are none.
std::vector<std::string> old_sets();

/// Throws where a rule of somebody else uses one.
void destroy_old_sets();

}  // namespace overland::firewall::legacy
