#pragma once
// Why a peer was not reached: each cause that the evidence shows, nearest first. Pure.

#include <map>
#include <string>
#include <vector>

#include "probe/judge.h"

namespace overland::probe {

/// At least one fault. `verdict` has its parts.
std::vector<Fault> why(const Peer& peer, const Evidence& evidence, const Setting& setting,
                       const Verdict& verdict);

/// "r1 (172.16.10.1)", or the address alone where the inventory does not know it.
std::string who(const model::Address& address, const std::map<model::Address, std::string>& names);

/// "filter DOCKER-USER, rule 1 … drops the request"
std::string by_rule(const Drop& drop, const std::string& what);

}  // namespace overland::probe
