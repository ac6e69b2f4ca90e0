#pragma once
// Which networks of ours are made, made anew, removed or held, and who is put on them. Pure.

#include <string>
#include <vector>

#include "plan/nouns.h"

namespace overland::plan {

/// What a finding about it names.
std::string resource_of(const std::string& network);

/// As Docker has it: ours before another's of the same name, of which old versions may have two.
/// nullptr where there is none.
const model::DockerNetwork* find_network(const Look& look, const std::string& name);

/// Adds the steps towards `wanted`, by name, done or held, and what it finds in the way. A network
/// whose wanted subnet another one of ours still has comes after that; where two wait for each
/// other one is taken away first.
void change_networks(const Look& look, const std::vector<model::Network>& wanted, Plan& plan);

}  // namespace overland::plan
