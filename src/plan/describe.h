#pragma once
// Steps in words, the same in plan, apply's report and the journal.

#include <string>

#include "plan/step.h"

namespace overland::plan {

enum class Operation { kCreate, kChange, kRemove, kRestart };

Operation operation(const Step& step);
/// "create", "change", "remove", "restart".
std::string name(Operation operation);
/// '+', '~', '-', '!'.
char sign(Operation operation);

/// "route 192.168.200.0/24", "sysctl net.ipv4.ip_forward", "firewall", "docker daemon.json".
std::string resource(const Step& step);

/// What the step does to it: "via 10.0.0.201 metric 11153", "0 -> 1"; may have several lines for
/// the firewall, without a final newline.
std::string detail(const Step& step);

/// "via 10.0.0.201", "via 10.0.0.2, 10.0.0.3".
std::string show_gateways(const model::Route& route);

}  // namespace overland::plan
