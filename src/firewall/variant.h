#pragma once
// Which of the two kinds of tables the host's packet filter lives in. An accept in one does not
// override a drop in the other, so our anchors have to stand where Docker's rules stand.

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/digest.h"
#include "firewall/anchors.h"
#include "model/docker.h"
#include "model/firewall.h"

namespace overland::firewall {

/// What the choice is made from.
struct VariantClues {
  std::optional<model::FirewallVariant> forced;  // --firewall
  std::string kernel;                            // its release: "6.1.0-18-amd64"
  std::string docker_backend;                    // DockerFacts::firewall_backend; may be empty
  std::string configured_backend;                // DockerFacts::configured_backend; likewise
  std::optional<Glance> nft;                     // nullopt: could not be looked at
  std::optional<Glance> legacy;
  /// "iptables v1.8.9 (nf_tables)"; empty without the program; nullopt: could not be asked.
  std::optional<std::string> iptables_version;
};

/// Why table ip overland cannot be on a kernel of that release; empty where it can, or the release
/// tells nothing. Pure.
std::string refusal_of(const std::string& kernel);

/// Pure. Fills variant, docker_nft_backend, evidence and no_link_kinds; in this order: whether the
/// kernel can have table ip overland at all (nf_tables, 4.18: NAT of nf_tables beside another),
/// what is forced, Docker's own word, where its chains stand, what it will start with, what the
/// iptables program says. Where one of these could not be asked, only what was seen decides: what
/// is missing proves nothing.
model::FirewallFacts choose_variant(const VariantClues& clues);

/// What program iptables is: by the name of the program behind the link, else the first line of
/// `iptables --version`; empty where there is none. Throws where the program does not end within 5
/// s (less where less is left of `deadline`) or says something else.
std::string iptables_version(const base::Deadline& deadline);

/// Which file that is, so that one tells whether the answer may be another by now.
void add_iptables_program(base::Digest& sum);

}  // namespace overland::firewall
