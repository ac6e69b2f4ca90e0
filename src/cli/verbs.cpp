// All verbs, and the exit code of each kind of error.

#include <spdlog/spdlog.h>

#include <array>
#include <iomanip>
#include <iostream>
#include <new>

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
    Verb{"purge", "remove everything overland made and put back what it replaced", purge},
    Verb{"explain", "the way between two addresses or hosts, hop by hop", explain},
    Verb{"graph", "draw the inventory: Graphviz DOT or Mermaid", graph},
};

void help(std::ostream& out) {
  out << "overland: containers on different hosts reach each other over plain routes\n\n"
         "Usage: overland VERB [OPTIONS]\n\nVerbs:\n";
  for (const Verb& verb : kVerbs) {
    out << "  " << std::left << std::setw(10) << verb.name << " " << verb.summary << "\n";
  }
  out << "\n'overland VERB --help' explains a verb; see also overland(8), overland.toml(5).\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    help(std::cout);
    return kOk;
  }
  if (name == "--version") {
    std::cout << "overland " << OVERLAND_VERSION << "\n";
    return kOk;
  }
  for (const Verb& verb : kVerbs) {
    if (name == verb.name) return verb.run({arguments.begin() + 1, arguments.end()});
  }
  std::vector<std::string_view> known;
  for (const Verb& verb : kVerbs) known.emplace_back(verb.name);
  const std::string_view meant = inventory::nearest(name, known);
  throw base::Error(base::ErrorKind::kUsage,
                    "unknown verb " + inventory::quote(name) +
                        (meant.empty() ? "; 'overland --help' lists them"
                                       : "; did you mean " + std::string(meant) + "?"));
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

ExitCode exit_code(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::kUsage:
      return kUsage;
    case base::ErrorKind::kLocked:
      return kLocked;
    case base::ErrorKind::kPrivilege:
      return kNoPrivilege;
    case base::ErrorKind::kInventory:
      return kInventory;
    case base::ErrorKind::kFailure:
    case base::ErrorKind::kInvalid:
    case base::ErrorKind::kUnsupported:
      return kFailed;
  }
  return kFailed;
}

int run(const std::vector<std::string>& arguments) {
  set_up_log();
  if (arguments.empty()) {
    help(std::cerr);
    return kUsage;
  }
  try {
    const int code = dispatch(arguments);
    std::cout.flush();
    if (!std::cout) {
      spdlog::error("cannot write to standard output");
      return kFailed;
    }
    return code;
  } catch (const base::Error& error) {
    log_lines(spdlog::level::err, error.what());
    return exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    spdlog::error("out of memory");
    return kFailed;
  } catch (const std::exception& error) {
    // A library's that nobody below has converted: still a sentence and an exit code of ours.
    spdlog::error("unexpected: {}", error.what());
    return kFailed;
  }
}

}  // namespace overland::cli
