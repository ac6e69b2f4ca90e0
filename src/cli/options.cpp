#include "cli/options.h"

#include <unistd.h>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "base/printable.h"

namespace overland::cli {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw base::Error(base::ErrorKind::kUsage, sentence);
}

/// https://no-color.org: set and not empty means no colour; --color overrules it.
bool want_color(const std::string& choice) {
  if (choice == "always") return true;
  if (choice == "never") return false;
  if (choice != "auto") refuse("--color takes auto, always or never");
  const char* const no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

std::optional<model::FirewallVariant> variant(const std::string& choice) {
  if (choice == "auto") return std::nullopt;
  if (choice == "nft") return model::FirewallVariant::kNft;
  if (choice == "iptc") return model::FirewallVariant::kLegacy;
  refuse("--firewall takes auto, nft or iptc");
}

bool is_installed(const std::string& inventory) {
  std::error_code unknown;  // where either is missing only the name can tell
  return inventory == kInstalledInventory ||
         std::filesystem::equivalent(inventory, kInstalledInventory, unknown);
}

std::vector<model::Address> addresses(const std::vector<std::string>& texts) {
  std::vector<model::Address> result;
  for (const auto& text : texts) {
    const auto address = model::Address::parse(text);
    if (!address) refuse("--allow-cover takes an address, not '" + text + "'");
    result.push_back(*address);
  }
  return result;
}

}  // namespace

std::optional<po::variables_map> parse(const std::vector<std::string>& arguments,
                                       const std::string& usage,
                                       po::options_description description, const char* positional,
                                       int most) {
  description.add_options()("help,h", "show this help");
  po::positional_options_description unnamed;
  if (positional != nullptr) unnamed.add(positional, most);
  po::variables_map values;
  try {
    // No guessing: "--re" must not become --restart-docker.
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments)
                  .options(description)
                  .positional(unnamed)
                  .style(style)
                  .run(),
              values);
    po::notify(values);
  } catch (const po::too_many_positional_options_error&) {
    refuse("too many arguments: overland " + usage);
  } catch (const po::error& error) {
    refuse(error.what() + ("; see 'overland " + usage.substr(0, usage.find(' ')) + " --help'"));
  }
  if (values.count("help") != 0) {
    std::cout << "Usage: overland " << usage << "\n\n" << description;
    return std::nullopt;
  }
  for (const auto& [name, value] : values) {
    const auto* const text = boost::any_cast<std::string>(&value.value());
    if (text != nullptr && text->empty()) refuse("--" + name + " is empty");
  }
  return values;
}

void refuse_both(const po::variables_map& values, const std::string& one,
                 const std::string& other) {
  const auto given = [&values](const std::string& name) {
    return values.count(name) != 0 && !values[name].defaulted();
  };
  if (given(one) && given(other)) {
    refuse("--" + one + " and --" + other + " contradict each other; give one of them");
  }
}

unsigned seconds(const po::variables_map& values, const std::string& name, unsigned least) {
  constexpr unsigned kMost = 86400;  // a day
  const auto given = values[name].as<std::int64_t>();
  if (given < least || given > kMost) {
    refuse("--" + name + " takes " + std::to_string(least) + " to " + std::to_string(kMost) +
           " seconds");
  }
  return static_cast<unsigned>(given);
}

po::options_description inventory_options(const char* help) {
  po::options_description options("Options");
  options.add_options()("inventory,i", po::value<std::string>()->default_value(kInstalledInventory),
                        help)(
      "fragments", po::value<std::string>()->value_name("DIR"),
      "the folder of the file's fragments; of the installed one it is /etc/overland/inventory.d");
  return options;
}

std::string fragments_of(const std::string& file, const po::variables_map& values) {
  const bool installed = is_installed(file);
  if (values.count("fragments") == 0) return installed ? kInstalledFragments : "";
  const auto& folder = values["fragments"].as<std::string>();
  std::error_code error;
  if (file == "-") refuse("--fragments goes with a file, not with standard input");
  if (!std::filesystem::is_directory(folder, error)) {
    refuse("--fragments takes a folder, and " + base::printable(folder) + " is none");
  }
  if (installed && !std::filesystem::equivalent(folder, kInstalledFragments, error)) {
    refuse(std::string("the fragments of ") + kInstalledInventory + " are in " +
           kInstalledFragments + ": --fragments goes with another --inventory");
  }
  return folder;
}

po::options_description machine_options() {
  auto options = inventory_options("the shared inventory; - is standard input");
  options.add_options()(
      "host", po::value<std::string>(),
      "this machine's name in the inventory; otherwise its host name, then its addresses, decide")(
      "firewall", po::value<std::string>()->default_value("auto"),
      "auto, nft or iptc: which iptables variant to serve")(
      "allow-cover", po::value<std::vector<std::string>>()->composing(),
      "this name server or ssh peer lives in a bridge subnet; may be given several times")(
      "state", po::value<std::string>()->default_value("/var/lib/overland/state.json"),
      "what was replaced, for purge")("color", po::value<std::string>()->default_value("auto"),
                                      "auto, always or never");
  return options;
}

po::options_description report_options() {
  auto options = machine_options();
  options.add_options()("json", po::bool_switch(), "print one JSON document");
  return options;
}

po::options_description lock_options() {
  po::options_description options("Locking");
  options.add_options()("wait", po::value<std::int64_t>()->default_value(5),
                        "seconds to wait for another overland to end")(
      "lock", po::value<std::string>()->default_value("/run/overland/lock"), "the lock file")(
      "xtables-wait", po::value<std::int64_t>(),
      "seconds to wait for the lock of legacy iptables; default: what is left of the run's time");
  return options;
}

po::options_description generation_options() {
  po::options_description options("Generations");
  options.add_options()("force-generation", po::bool_switch(),
                        "take an inventory of a lower generation than the one applied last");
  return options;
}

po::options_description run_options() {
  po::options_description options("Metrics");
  options.add_options()("runs", po::value<std::string>()->default_value("/run/overland/runs.json"),
                        "when apply ran and what it repaired, for status --prometheus");
  return options;
}

/// These files are replaced, whatever they held.
std::string own_file(const po::variables_map& values, const char* name) {
  const auto& file = values[name].as<std::string>();
  if (std::filesystem::path(file).extension() != ".json") {
    throw base::Error(base::ErrorKind::kUsage,
                      std::string("--") + name + " takes a file FILE.json");
  }
  return file;
}

Options read_options(const po::variables_map& values) {
  Options options;
  if (values.count("inventory") != 0) options.inventory = values["inventory"].as<std::string>();
  options.installed = is_installed(options.inventory);
  if (!options.inventory.empty()) options.fragments = fragments_of(options.inventory, values);
  options.force_generation =
      values.count("force-generation") != 0 && values["force-generation"].as<bool>();
  if (values.count("host") != 0) options.host = values["host"].as<std::string>();
  if (values.count("firewall") != 0) {
    options.firewall = variant(values["firewall"].as<std::string>());
  }
  if (values.count("allow-cover") != 0) {
    options.allow_cover = addresses(values["allow-cover"].as<std::vector<std::string>>());
  }
  options.state_file = own_file(values, "state");
  options.color = want_color(values["color"].as<std::string>());
  options.json = values.count("json") != 0 && values["json"].as<bool>();
  if (values.count("lock") != 0) {
    options.lock_file = values["lock"].as<std::string>();
    options.spare_state_file =
        std::filesystem::path(options.lock_file).parent_path() / "state.json";
    options.wait_seconds = seconds(values, "wait", 0);
    if (values.count("xtables-wait") != 0) {
      options.xtables_wait_seconds = seconds(values, "xtables-wait", 0);
    }
  }
  if (values.count("runs") != 0) options.runs_file = own_file(values, "runs");
  return options;
}

}  // namespace overland::cli
