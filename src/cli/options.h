#pragma once
// The options verbs have in common, and the parsing of a verb's own description.

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/firewall.h"

namespace overland::cli {

namespace po = boost::program_options;

/// Parses `arguments` by `description`; up to `most` unnamed arguments go to `positional` where
/// that is set. nullopt when --help was asked for and has been printed. Throws kUsage.
std::optional<po::variables_map> parse(const std::vector<std::string>& arguments,
                                       const std::string& usage,
                                       po::options_description description,
                                       const char* positional = nullptr, int most = 1);

/// Where things are. The defaults are the installed system's; tests and containers set others.
struct Options {
  std::string inventory;
  std::string fragments;   // folder; empty: the inventory has none
  bool installed = false;  // that is the one the timer applies, by whatever name
  std::optional<std::string> host;
  std::optional<model::FirewallVariant> firewall;
  std::vector<model::Address> allow_cover;  // name servers and ssh peers that live in the cluster
  std::string state_file;
  std::string spare_state_file;  // beside the lock file; empty for verbs that take no lock
  std::string lock_file;
  std::string runs_file;
  unsigned wait_seconds = 0;
  std::chrono::seconds deadline{30};             // for all neighbours of a run together
  std::optional<unsigned> xtables_wait_seconds;  // nullopt: what is left of the deadline
  bool color = false;
  bool json = false;
  bool force_generation = false;
};

/// What the timer applies.
inline constexpr const char* kInstalledInventory = "/etc/overland/inventory.toml";

/// Of its fragments.
inline constexpr const char* kInstalledFragments = "/etc/overland/inventory.d";

/// --inventory, of which `help` is said, and --fragments.
po::options_description inventory_options(const char* help);

/// The folder of the fragments that belong to `file`; empty: it has none. Throws kUsage where
/// --fragments does not go with it, or is no folder.
std::string fragments_of(const std::string& file, const po::variables_map& values);

/// Throws kUsage where both options were given.
void refuse_both(const po::variables_map& values, const std::string& one, const std::string& other);

/// The number of an option declared as std::int64_t, which takes `least` to 86400 seconds. Throws
/// kUsage.
unsigned seconds(const po::variables_map& values, const std::string& name, unsigned least);

/// --inventory, --fragments, --host, --firewall, --allow-cover, --state and --color: for every verb
/// that looks at the machine.
po::options_description machine_options();
/// Those and --json: for the verbs that print a report.
po::options_description report_options();
/// --wait, --lock and --xtables-wait: for the verbs that change it.
po::options_description lock_options();
/// --force-generation: for apply and try.
po::options_description generation_options();
/// --runs: for apply, which counts, and status, which shows the counts.
po::options_description run_options();

Options read_options(const po::variables_map& values);

}  // namespace overland::cli
