// Engine's looking: each neighbour that cannot be asked costs what it would have told, and becomes
// a finding.

#include <algorithm>
#include <cerrno>

#include "docker/api.h"
#include "docker/api_facts.h"
#include "docker/daemon_json.h"
#include "docker/engine.h"
#include "docker/program.h"

namespace overland::docker {
namespace {

/// What `ask` gives. Whoever did not answer in time is not asked again: `fault` remembers it.
template <typename Ask>
auto once_in_vain(std::optional<base::Error>& fault, Ask ask) {
  if (fault) throw base::Error(*fault);
  try {
    return ask();
  } catch (const base::Error& error) {
    if (error.errno_value() == ETIMEDOUT) fault = error;
    throw;
  }
}

/// What daemon.json tells while the API cannot be asked.
void read_file_facts(const std::string& text, const std::string& file, model::DockerFacts& facts) {
  facts.live_restore = value_of(text, "live-restore", file) == "true";
  if (const auto pools = value_of(text, "default-address-pools", file)) {
    auto configured = parse_address_pools(*pools);
    if (!configured.empty()) facts.address_pools = std::move(configured);
  }
}

}  // namespace

Engine::Engine(base::Deadline& deadline, Places places, Patience patience)
    : deadline_(deadline), places_(std::move(places)), patience_(patience) {}

void Engine::prefer(const std::filesystem::path& program) {
  places_.programs.insert(places_.programs.begin(), program);
}

Startup Engine::look_up() {
  return look_up_startup(places_, [this] { return ask_unit(); });
}

std::optional<UnitCommand> Engine::ask_unit() {
  return once_in_vain(systemd_fault_, [&] {
    return docker_unit(deadline_.at_most(patience_.answer), {places_.systemd_bus});
  });
}

void Engine::ask_api(model::DockerFacts& facts) {
  once_in_vain(api_fault_, [&] {
    read_info(api_call(places_.socket, {"/info"}, deadline_.at_most(patience_.answer)), facts);
    facts.networks = parse_networks(
        api_call(places_.socket, {"/networks"}, deadline_.at_most(patience_.answer)));
  });
}

std::string Engine::version_of(const Startup& startup) {
  if (startup.program.empty()) return {};
  return once_in_vain(program_fault_, [&] {
    return program_version(startup.program, deadline_.at_most(patience_.program));
  });
}

model::DockerFacts Engine::facts() {
  const Startup startup = look_up();
  model::DockerFacts facts;
  facts.installed = startup.installed;
  if (!facts.installed) return facts;
  facts.unknown = startup.unknown;
  for (const Flag& flag : startup.flags) facts.flags.push_back(flag.text() + " on " + flag.where);
  std::ranges::sort(facts.flags);
  // Of what may be Docker it is taken that it runs, as of one that does not answer: switches that
  // only a stopped Docker allows, such as that of ip_forward, are not made then.
  facts.running = startup.process || startup.doubted;
  facts.address_pools = builtin_address_pools();
  if (startup.process) {
    facts.instance = startup.process->instance;
    try {
      ask_api(facts);
      return facts;
    } catch (const base::Error& error) {
      facts.unknown.push_back(
          {model::Severity::kUnknown, "docker", error.what(), "see `docker info`"});
    }
  }
  try {
    read_file_facts(load(startup).now.bytes.value_or(""), startup.daemon_json, facts);
  } catch (const base::Error&) {
    // A faulty file is no fact: read() refuses it where it matters, with the same words.
  }
  return facts;
}

}  // namespace overland::docker
