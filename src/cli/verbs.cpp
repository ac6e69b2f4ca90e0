// All verbs.

#include <array>
#include <iomanip>
#include <iostream>

#include "base/error.h"
#include "cli/exit_code.h"
#include "cli/log.h"
#include "cli/verb.h"
#include "inventory/report.h"
#include "inventory/suggest.h"

namespace overland::cli {
namespace {

constexpr std::array kVerbs = {
    Verb{"validate", "check an inventory; needs neither root nor a network", validate},
    Verb{"plan", "show what apply would change", plan},
    Verb{"apply", "make this host what the inventory says, and verify it", apply},
    Verb{"try", "apply, and roll back unless confirmed in time", try_out},
    Verb{"confirm", "keep what overland try has changed", confirm},
    Verb{"status", "desired beside actual: peers, firewall, Docker", status},
    Verb{"probe", "send packets as a container does, and say where they end", probe},
    Verb{"watch", "repair within milliseconds of what disturbs this host", watch},
    Verb{"purge", "remove everything overland made and put back what it replaced", purge},
    Verb{"explain", "the way between two addresses or hosts, hop by hop", explain},
    Verb{"graph", "draw the inventory: Graphviz DOT or Mermaid", graph},
    Verb{"init", "print an inventory made from what is there", init_inventory},
    Verb{"assign", "write bips from the pool, and slots, into the inventory", assign},
    Verb{"add", "write one more host into the inventory", add_host},
    Verb{"remove", "take a host out of the inventory", remove_host},
    Verb{"fetch", "take the inventory from a store or server, checked whole", fetch},
    Verb{"publish", "write the inventory, or a change of it, into a store", publish},
    Verb{"fleet", "status, plan, push and apply on many hosts by ssh", fleet_hosts},
    Verb{"export", "the routes of a machine overland does not run on", export_routes},
};

void help(std::ostream& out) {
  out << "overland: containers on different hosts reach each other over plain routes\n\n"
         "Usage: overland VERB [OPTIONS]\n\nVerbs:\n";
  for (const Verb& verb : kVerbs) {
    out << "  " << std::left << std::setw(10) << verb.name << " " << verb.summary << "\n";
  }
  out << "\n'overland help VERB' explains a verb; see also overland(8), overland.toml(5).\n";
}

const Verb& find_verb(const std::string& name) {
  for (const Verb& verb : kVerbs) {
    if (name == verb.name) return verb;
  }
  std::vector<std::string_view> known;
  for (const Verb& verb : kVerbs) known.emplace_back(verb.name);
  const std::string_view meant = inventory::nearest(name, known);
  throw base::Error(base::ErrorKind::kUsage,
                    "unknown verb " + inventory::quote(name) +
                        (meant.empty() ? "; 'overland --help' lists them"
                                       : "; did you mean " + std::string(meant) + "?"));
}

int dispatch(const std::vector<std::string>& arguments) {
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    if (arguments.size() > 1) return find_verb(arguments[1]).run({"--help"});
    help(std::cout);
    return kOk;
  }
  if (name == "--version" || name == "-V" || name == "version") {
    std::cout << "overland " << OVERLAND_VERSION << "\n";
    return kOk;
  }
  return find_verb(name).run({arguments.begin() + 1, arguments.end()});
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run(const std::vector<std::string>& arguments) {
  set_up_log();
  if (arguments.empty()) {
    help(std::cerr);
    return kUsage;
  }
  return guarded([&] { return dispatch(arguments); });
}

}  // namespace overland::cli
