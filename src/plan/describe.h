#pragma once
// Steps in words, the same in plan, apply's report and the journal.

#include <set>
#include <string>

#include "plan/step.h"

namespace overland::plan {

enum class Operation { kCreate, kChange, kRemove, kRestart };

Operation operation(const Step& step);
/// "create", "change", "remove", "restart".
std::string name(Operation operation);
/// '+', '~', '-', '!'.
char sign(Operation operation);

/// "docker", "firewall", "link", "neighbour", "network", "route", "sysctl": the noun, as metrics
/// name it.
const char* kind(const Step& step);
std::set<std::string> kinds();

struct Words {
  std::string resource;  // "route 192.168.200.0/24", "sysctl net.ipv4.ip_forward", "firewall"
  std::string detail;    // what the step does to it: "via 10.0.0.201", "0 -> 1"; may have several
                         // lines for the firewall, without a final newline
};

Words words(const Step& step);
inline std::string resource(const Step& step) { return words(step).resource; }
inline std::string detail(const Step& step) { return words(step).detail; }

/// "via 10.0.0.201", "via 10.0.0.2, 10.0.0.3", "via 10.2.0.12 dev vxlan.ovl", "unreachable".
std::string show_gateways(const model::Route& route);

}  // namespace overland::plan
