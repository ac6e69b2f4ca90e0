#include "cli/unchanged.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/trusted_path.h"
#include "cli/chosen.h"
#include "cli/file_stamp.h"
#include "cli/session.h"
#include "firewall/rules_sum.h"
#include "kernel/neighbours.h"
#include "kernel/routing_sum.h"
#include "model/facts_sum.h"

namespace overland::cli {
namespace {

using Facts = std::map<std::string, std::string>;

std::uint64_t fresh_seed() {
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) base::throw_errno("getrandom", errno);
  return seed;
}

/// The sum of whatever `add` adds.
template <typename Add>
std::string sum(std::uint64_t seed, Add add) {
  base::Digest digest(seed);
  add(digest);
  return std::to_string(digest.value());
}

std::string sum_of(std::uint64_t seed, std::string_view bytes) {
  return sum(seed, [&](base::Digest& digest) { digest.add(bytes); });
}

/// Files that a run may write anew with the bytes they had; trusted as whoever uses them does.
std::string sum_of_file(std::uint64_t seed, const std::filesystem::path& file) {
  const auto bytes = base::read_trusted(file, reconcile::kLargestSaved, base::Sticky::kFoldersOnly);
  return bytes ? sum_of(seed, *bytes) : "none";
}

std::string sum_of_options(std::uint64_t seed, const Options& options) {
  return sum(seed, [&](base::Digest& digest) {
    digest.add(options.inventory);
    digest.add(options.fragments);
    digest.add(options.host.value_or(""));
    digest.add(options.state_file);
    digest.add(options.firewall ? std::uint64_t{1} + static_cast<unsigned>(*options.firewall) : 0);
    for (const auto& one : options.allow_cover) digest.add(one.to_string());
  });
}

/// Of the installed inventory's files.
std::string sum_of_installed(std::uint64_t seed) {
  std::map<std::string, std::string> stamps = {{"", stamp(kInstalledInventory).to_string()}};
  std::error_code none;
  for (std::filesystem::directory_iterator one(kInstalledFragments, none), end; !none && one != end;
       one.increment(none)) {
    stamps[one->path().filename()] = stamp(one->path()).to_string();
  }
  return sum(seed, [&](base::Digest& digest) {
    for (const auto& [name, what] : stamps) {
      digest.add(name);
      digest.add(what);
    }
  });
}

/// All that needs no inventory. nullopt where there is no telling whether it stays the same.
std::optional<Facts> look(const Options& options, std::uint64_t seed) {
  const auto routing = kernel::routing_sum(seed);
  if (!routing) return std::nullopt;
  Facts facts;
  facts["boot"] = base::read_file("/proc/sys/kernel/random/boot_id", 64).value_or("").substr(0, 36);
  facts["build"] = std::string(OVERLAND_VERSION) + " " + stamp("/proc/self/exe").to_string() + " " +
                   stamp(OVERLAND_TRACE_PROGRAM).to_string();
  facts["hostname"] = reconcile::hostname();
  facts["in-force"] = sum_of_file(seed, in_force_file(options));
  // Another one than this run's is told of, and only read then.
  facts["installed"] = options.installed ? "" : sum_of_installed(seed);
  facts["last-applied"] = stamp(last_applied_file(options)).to_string();
  facts["namespace"] = std::to_string(kernel::network_namespace());
  facts["neighbours"] = std::to_string(kernel::neighbours_sum(seed));
  facts["options"] = sum_of_options(seed, options);
  facts["routing"] = std::to_string(*routing);
  facts["rules"] = firewall::rules_sum(seed);
  facts["spare-state"] = sum_of_file(seed, options.spare_state_file);
  facts["state"] = sum_of_file(seed, options.state_file);
  return facts;
}

std::optional<Facts> try_to_look(const Options& options, std::uint64_t seed) {
  try {
    return look(options, seed);
  } catch (const base::Error&) {
    return std::nullopt;  // a whole look meets it again, and says so
  }
}

std::string sum_of_sysctls(std::uint64_t seed,
                           const std::map<std::string, std::optional<std::string>>& values) {
  return sum(seed, [&](base::Digest& digest) {
    for (const auto& [key, value] : values) {
      digest.add(key);
      digest.add(std::uint64_t{value.has_value()});
      digest.add(value.value_or(""));
    }
  });
}

/// `facts` are those `machine` gave last.
std::string sum_of_docker(std::uint64_t seed, const model::DockerFacts& facts,
                          const Machine& machine) {
  return sum(seed, [&](base::Digest& digest) {
    model::add(facts, digest);
    digest.add(machine.docker_file_sum());
  });
}

}  // namespace

std::filesystem::path verified_file(const Options& options) {
  return std::filesystem::path(options.lock_file).parent_path() / "verified";
}

std::optional<std::string> NotedSysctls::read(const std::string& key) {
  auto value = below->read(key);
  const auto [known, fresh] = seen.try_emplace(key, value);
  changing = changing || (!fresh && known->second != value);
  return value;
}

void NotedSysctls::apply(const plan::SysctlStep& step) { below->apply(step); }

Unchanged::Unchanged(const Options& options)
    : options_(options),
      record_(reconcile::load_verified(verified_file(options))),
      seed_(record_ ? record_->seed : fresh_seed()),
      began_(reconcile::boot_seconds()),
      standing_(try_to_look(options, seed_)) {}

std::optional<std::string> Unchanged::host() const {
  if (!record_ || !standing_ || !fresh(*record_, began_)) return std::nullopt;
  const Facts& facts = record_->facts;
  const auto is = [&](const char* name, const std::string& now) {
    const auto found = facts.find(name);
    return found != facts.end() && found->second == now;
  };
  if (!std::includes(facts.begin(), facts.end(), standing_->begin(), standing_->end())) {
    return std::nullopt;
  }
  try {
    auto sources = inventory::read_sources(options_.inventory, options_.fragments,
                                           inventory::Owners::kRootOnly);
    if (!is("inventory", sum_of(seed_, joined(std::move(sources))))) return std::nullopt;
    Options impatient = options_;
    impatient.deadline = std::chrono::seconds(3);  // a whole look waits for whoever does not answer
    Machine machine(impatient);
    const auto ports = machine.ports();
    std::map<std::string, std::optional<std::string>> values;
    for (const auto& key : record_->sysctls) values[key] = ports.sysctls.read(key);
    if (!is("sysctls", sum_of_sysctls(seed_, values))) return std::nullopt;
    const auto links = ports.links.facts();
    if (!is("links", sum(seed_, [&](base::Digest& to) { model::add(links, to); }))) {
      return std::nullopt;
    }
    if (!record_->dockerd.empty()) machine.prefer_dockerd(record_->dockerd);
    machine.trust_docker_unit(record_->unit);
    const bool same = is("docker", sum_of_docker(seed_, ports.docker.facts(), machine));
    return same ? std::optional(record_->host) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;  // likewise
  }
}

void Unchanged::listen(Machine& machine) {
  machine.answer_through([this](const host::Ports& ports) {
    sysctls_.below = &ports.sysctls;
    return host::Ports{ports.routes,   ports.links,  ports.neighbours, sysctls_,
                       ports.firewall, ports.docker, ports.wait};
  });
}

void Unchanged::keep(const Machine& machine, const Chosen& chosen, const inventory::Host& host,
                     const model::HostFacts& facts) {
  if (!standing_ || sysctls_.changing || try_to_look(options_, seed_) != standing_) {
    return forget();
  }
  reconcile::Verified record{seed_, began_, host.name,
                             host.docker.program ? *host.docker.program : "",
                             machine.docker_unit_told()};
  for (const auto& [key, value] : sysctls_.seen) record.sysctls.push_back(key);
  record.facts = *standing_;
  record.facts["inventory"] = sum_of(seed_, chosen.bytes);
  record.facts["sysctls"] = sum_of_sysctls(seed_, sysctls_.seen);
  record.facts["links"] = sum(seed_, [&](base::Digest& to) { model::add(facts.links, to); });
  record.facts["docker"] = sum_of_docker(seed_, facts.docker, machine);
  try {
    reconcile::store_verified(verified_file(options_), record);
  } catch (const base::Error& error) {
    spdlog::warn("what was found in order is not recorded: {}", error.what());
    forget();
  }
}

void Unchanged::forget() const {
  std::error_code unknown;  // where it cannot be removed it does not hold any more, or still does
  std::filesystem::remove(verified_file(options_), unknown);
}

}  // namespace overland::cli
