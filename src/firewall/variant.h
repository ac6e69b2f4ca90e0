#pragma once
// Which of the two kernel interfaces the host's packet filter lives in. An accept in one does not
// override a drop in the other, so ours has to stand where Docker's rules stand.

#include <optional>
#include <string>

#include "base/deadline.h"
#include "model/docker.h"
#include "model/firewall.h"

namespace overland::firewall {

/// What the choice is made from.
struct VariantClues {
  std::optional<model::FirewallVariant> forced;  // --firewall
  std::string docker_backend;                    // DockerFacts::firewall_backend; may be empty
  bool nft_usable = false;
  bool nft_docker_chains = false;
  bool nft_docker_backend = false;  // table ip docker-bridges
  bool legacy_usable = false;
  bool legacy_docker_chains = false;
  std::string iptables_version;  // "iptables v1.8.9 (nf_tables)"; empty without the program
  bool complete = true;          // false: one of those that tell could not be asked
};

/// Pure. Fills variant, docker_nft_backend and evidence; in this order: what is forced, Docker's
/// own word, where DOCKER-USER stands, what the iptables program says, what the kernel has. Where
/// one of these could not be asked, only what was seen decides: what is missing proves nothing.
model::FirewallFacts choose_variant(const VariantClues& clues);

/// What program iptables is: by the name of the program behind the link, else the first line of
/// `iptables --version`; empty where there is none. Throws where the program does not end within 5
/// s (less where less is left of `deadline`) or says something else.
std::string iptables_version(const base::Deadline& deadline);

}  // namespace overland::firewall
