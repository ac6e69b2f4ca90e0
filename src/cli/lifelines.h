#pragma once
// Finds this machine's lifelines: own addresses, default gateways, name servers, and the far end of
// the ssh session we run in.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/host_state.h"
#include "model/lifeline.h"

namespace overland::cli {

/// The addresses of the links in `facts`, but for Docker's bridges, among them `bridge` and those
/// that `networks` would have, which Docker leaves behind where it is killed; and our own links.
std::vector<model::Lifeline> own_addresses(const model::HostFacts& facts, const std::string& bridge,
                                           const std::vector<model::Network>& networks);

/// own_addresses and what the machine says of the others. Sorted by kind, then address.
std::vector<model::Lifeline> find_lifelines(const model::HostFacts& facts,
                                            const std::string& bridge,
                                            const std::vector<model::Network>& networks);

/// The addresses of resolv.conf(5)'s "nameserver" lines.
std::vector<model::Address> name_servers(std::string_view resolv_conf);

/// The client's address in SSH_CONNECTION of ssh(1) among `environment` (environ of proc(5): each
/// entry ends with a NUL); nullopt where there is none.
std::optional<model::Address> ssh_peer(std::string_view environment);

}  // namespace overland::cli
