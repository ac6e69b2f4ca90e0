#include "firewall/variant.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/process.h"
#include "firewall/printable.h"

namespace overland::firewall {
namespace {

using model::FirewallFacts;
using model::FirewallVariant;

constexpr std::array<const char*, 3> kPlaces = {"/usr/sbin/iptables", "/sbin/iptables",
                                                "/usr/local/sbin/iptables"};

FirewallFacts chosen(FirewallVariant variant, std::string evidence) {
  FirewallFacts facts;
  facts.variant = variant;
  facts.evidence = std::move(evidence);
  return facts;
}

FirewallFacts refused(std::string why) {
  FirewallFacts none;
  none.evidence = std::move(why);
  return none;
}

FirewallFacts undecided() {
  return refused("what would tell which tables Docker uses could not be asked");
}

std::optional<FirewallVariant> variant_of(const std::optional<std::string>& version) {
  if (!version || version->empty()) return std::nullopt;
  // Before 1.8 there was but one kind, and its version says nothing.
  return version->find("(nf_tables)") != std::string::npos ? FirewallVariant::kNft
                                                           : FirewallVariant::kLegacy;
}

bool docker_stands(const std::optional<Glance>& glance) { return glance && glance->docker_chains; }

FirewallFacts by_docker_chains(const VariantClues& clues) {
  if (docker_stands(clues.nft) && docker_stands(clues.legacy)) {
    if (const auto program = variant_of(clues.iptables_version)) {
      return chosen(*program, "DOCKER-USER stands in both variants; " + *clues.iptables_version);
    }
    if (!clues.iptables_version) return undecided();
  }
  if (docker_stands(clues.nft)) {
    return chosen(FirewallVariant::kNft, "DOCKER-USER stands in the nf_tables table ip filter");
  }
  return chosen(FirewallVariant::kLegacy, "DOCKER-USER stands in the legacy table filter");
}

/// Where `program` is a link to one of iptables' two programs that are many in one, as everywhere
/// since 1.8, its name says what its version would; empty else. Asking takes a process.
std::string kind_by_name(const std::string& program) {
  std::error_code error;
  const auto target = std::filesystem::canonical(program, error);
  if (error) return "";
  if (target.filename() == "xtables-nft-multi")
    return program + " is xtables-nft-multi (nf_tables)";
  if (target.filename() == "xtables-legacy-multi") {
    return program + " is xtables-legacy-multi (legacy)";
  }
  return "";
}

/// False where the release tells nothing.
bool older(const std::string& kernel, std::pair<unsigned, unsigned> version) {
  const char* const end = kernel.data() + kernel.size();
  unsigned major = 0;
  unsigned minor = 0;
  const auto first = std::from_chars(kernel.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
  return std::pair(major, minor) < version;
}

FirewallFacts choice(const VariantClues& clues) {
  if (clues.nft && !clues.nft->usable) return refused("the kernel has no nf_tables");
  if (std::string why = refusal_of(clues.kernel); !why.empty()) return refused(std::move(why));
  const bool docker_chains = docker_stands(clues.nft) || docker_stands(clues.legacy);
  const bool silent = clues.docker_backend.empty();
  const bool configured = clues.configured_backend == "nftables";
  // A switch of backends leaves DOCKER-USER standing beside the table.
  const bool stands =
      silent && clues.nft && clues.nft->docker_backend && (configured || !docker_chains);
  const bool starts = silent && !docker_chains && configured;
  const bool docker_nft = clues.docker_backend == "nftables" || stands || starts;
  if (clues.forced) {
    FirewallFacts facts = chosen(*clues.forced, *clues.forced == FirewallVariant::kNft
                                                    ? "chosen with --firewall nft"
                                                    : "chosen with --firewall iptc");
    facts.docker_nft_backend = docker_nft;
    return facts;
  }
  if (docker_nft) {
    FirewallFacts facts = chosen(FirewallVariant::kNft,
                                 stands   ? "Docker's own table ip docker-bridges stands"
                                 : starts ? "Docker will start with its nftables backend"
                                          : "Docker says that its firewall backend is nftables");
    facts.docker_nft_backend = true;
    return facts;
  }
  if (docker_chains) return by_docker_chains(clues);
  if (const auto program = variant_of(clues.iptables_version)) {
    return chosen(*program, *clues.iptables_version);
  }
  if (!clues.nft || !clues.legacy || !clues.iptables_version) return undecided();
  return chosen(FirewallVariant::kNft, "no iptables program; the kernel has nf_tables");
}

}  // namespace

std::string refusal_of(const std::string& kernel) {
  if (!older(kernel, {4, 18})) return "";
  return "kernel " + kernel +
         " is older than 4.18, the first whose nf_tables translates addresses beside iptables";
}

FirewallFacts choose_variant(const VariantClues& clues) {
  FirewallFacts facts = choice(clues);
  facts.no_link_kinds = older(clues.kernel, {5, 1});  // NFT_META_IIFKIND
  return facts;
}

void add_iptables_program(base::Digest& sum) {
  for (const char* program : kPlaces) {
    std::error_code error;
    sum.add(std::filesystem::canonical(program, error).native());
    struct stat file = {};
    if (::stat(program, &file) != 0) continue;
    for (const std::int64_t one : {std::int64_t{file.st_size}, std::int64_t{file.st_mtim.tv_sec},
                                   std::int64_t{file.st_ctim.tv_sec}}) {
      sum.add(static_cast<std::uint64_t>(one));
    }
  }
}

std::string iptables_version(const base::Deadline& deadline) {
  constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);
  for (const char* program : kPlaces) {
    if (auto kind = kind_by_name(program); !kind.empty()) return kind;
    try {
      const base::ProcessResult result =
          base::run(program, {"--version"}, deadline.at_most(kPatience));
      if (result.status == 0 && result.out.starts_with("iptables v")) {
        return printable(result.out.substr(0, std::min<std::size_t>(result.out.find('\n'), 100)));
      }
      throw base::Error(base::ErrorKind::kFailure,
                        std::string(program) + " --version does not say what it is (status " +
                            std::to_string(result.status) + ")");
    } catch (const base::Error& error) {
      // kUnsupported: not there; a broken link to it is no program either.
      if (error.kind() != base::ErrorKind::kUnsupported) throw;
    }
  }
  return "";
}

}  // namespace overland::firewall
