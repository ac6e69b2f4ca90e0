#pragma once
// One verb of the command line: one file each, listed in verbs.cpp.

#include <span>
#include <string>
#include <vector>

namespace overland::cli {

struct Verb {
  const char* name;
  const char* summary;  // one line for `overland --help`
  /// `arguments` without the verb itself. Returns the exit code; throws base::Error.
  int (*run)(const std::vector<std::string>& arguments);
};

int validate(const std::vector<std::string>& arguments);
int plan(const std::vector<std::string>& arguments);
int apply(const std::vector<std::string>& arguments);
int status(const std::vector<std::string>& arguments);
int try_out(const std::vector<std::string>& arguments);
int confirm(const std::vector<std::string>& arguments);
int probe(const std::vector<std::string>& arguments);
int watch(const std::vector<std::string>& arguments);
int purge(const std::vector<std::string>& arguments);
int explain(const std::vector<std::string>& arguments);
int graph(const std::vector<std::string>& arguments);
int init_inventory(const std::vector<std::string>& arguments);
int assign(const std::vector<std::string>& arguments);
int add_host(const std::vector<std::string>& arguments);
int remove_host(const std::vector<std::string>& arguments);
int fetch(const std::vector<std::string>& arguments);
int publish(const std::vector<std::string>& arguments);
int fleet_hosts(const std::vector<std::string>& arguments);
int export_routes(const std::vector<std::string>& arguments);

std::span<const Verb> verbs();

/// The whole program: argv without its first element. Never throws.
int run(const std::vector<std::string>& arguments);

}  // namespace overland::cli
