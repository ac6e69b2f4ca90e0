#pragma once
// Which networks of ours are made, made anew, removed or held, and who is put on them. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "plan/nouns.h"

namespace overland::plan {

/// What a finding about it names.
std::string resource_of(const std::string& network);

/// As Docker has it: ours before another's of the same name, of which old versions may have two.
/// nullptr where there is none.
const model::DockerNetwork* find_network(const Look& look, const std::string& name);

/// Whether that Docker takes both at a time, as far as their parents go: ipvlan shares with
/// nothing.
bool fit_on_parents(std::string_view version, const model::Network& one,
                    const model::Network& other);

/// Adds the steps towards `wanted`, by name, done or held, and what it finds in the way. A network
/// whose wanted subnet or parent another one of ours still has comes after that; where two wait for
/// each other one is taken away first.
void change_networks(const Look& look, const std::vector<model::Network>& wanted, Plan& plan);

}  // namespace overland::plan
