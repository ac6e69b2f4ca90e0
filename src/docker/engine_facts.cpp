// Engine's looking: each neighbour that cannot be asked costs what it would have told, and becomes
// a finding.

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/digest.h"
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

/// What dockerd starts with next: `flags` come before `text`, that of daemon.json. Where both say
/// it dockerd does not start at all.
struct Configured {
  const std::vector<Flag>& flags;
  const std::string& text;
  const std::string& file;

  /// As JSON; `fallback` is the default of daemon/config/config_linux.go.
  [[nodiscard]] std::string value(const char* key, std::string fallback) const {
    if (const auto said = value_of(text, key, file)) fallback = *said;
    for (const Flag& flag : flags) {
      if (flag.name == key) fallback = flag.json();
    }
    return fallback;
  }
};

void read_configured(const Configured& configured, model::DockerFacts& facts) {
  const bool nftables = configured.value("firewall-backend", R"("iptables")") == R"("nftables")";
  facts.configured_backend = nftables ? "nftables" : "iptables";
  facts.direct_routing = configured.value("allow-direct-routing", "false") == "true";
  // setupIPForwarding of libnetwork/drivers/bridge.
  facts.drops_forwarded = configured.value("iptables", "true") == "true" &&
                          configured.value("ip-forward", "true") == "true" &&
                          configured.value("ip-forward-no-drop", "false") == "false";
}

// Of overlay networks with a store of their own, gone with Docker 23; a flag, and a key.
constexpr std::array<std::array<const char*, 2>, 3> kRetired = {{
    {"cluster-advertise", "cluster-advertise"},
    {"cluster-store", "cluster-store"},
    {"cluster-store-opt", "cluster-store-opts"},
}};

void find_retired(const Configured& configured, model::DockerFacts& facts) {
  for (const auto& [flag, key] : kRetired) {
    for (const Flag& one : configured.flags) {
      if (one.name == flag) facts.retired.push_back(one.text() + " on " + one.where);
    }
    if (value_of(configured.text, key, configured.file)) {
      facts.retired.push_back(std::string("\"") + key + "\" in " + configured.file);
    }
  }
}

/// A restart is held while nobody can tell what Docker would come up with.
std::string hung(bool systemd) {
  return std::string("where `docker info` hangs too, restart Docker by hand (`") +
         (systemd ? "systemctl restart docker" : "service docker restart") +
         "`): --restart-docker restarts none that cannot be looked at";
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
  if (trusted_unit_ && trusted_unit_->files == unit_files()) return trusted_unit_->unit;
  return once_in_vain(systemd_fault_, [&] {
    const auto files = unit_files();  // before: what changes meanwhile makes the answer an old one
    auto unit = docker_unit(deadline_.at_most(patience_.answer), {places_.systemd_bus});
    told_unit_ = {unit, files};
    return unit;
  });
}

std::string Engine::unit_told() const { return told_unit_ ? to_text(*told_unit_) : ""; }

void Engine::trust_unit(const std::string& told) { trusted_unit_ = told_unit_of(told); }

void Engine::ask_api(model::DockerFacts& facts) {
  once_in_vain(api_fault_, [&] {
    read_info(api_call(places_.socket, {"/info"}, deadline_.at_most(patience_.answer)), facts);
    facts.networks = parse_networks(
        api_call(places_.socket, {"/networks"}, deadline_.at_most(patience_.answer)));
    facts.networks_known = true;
  });
}

std::string Engine::version_of(const Startup& startup) {
  if (startup.program.empty()) return {};
  return once_in_vain(program_fault_, [&] {
    return program_version(startup.program, deadline_.at_most(patience_.program));
  });
}

BridgeUse Engine::bridge_use(std::size_t most) {
  const Startup startup = look_up();
  if (!startup.process) return {};
  return once_in_vain(api_fault_, [&] {
    const auto ask = [&](const std::string& path) {
      return api_call(places_.socket, {path}, deadline_.at_most(patience_.answer));
    };
    BridgeUse use = parse_bridge(ask("/networks/bridge"));
    std::size_t running = 0;
    std::size_t asked = 0;
    for (auto& container : use.containers) {
      // Where very many are paused or stopping, one of the first is as good as any.
      if (running == most || asked++ == 4 * most) break;
      try {
        container.pid = parse_pid(ask("/containers/" + container.id + "/json"));
      } catch (const base::Error& error) {
        // Gone by now; one that is waited for in vain is waited for no longer.
        if (error.errno_value() == ETIMEDOUT) throw;
      }
      if (container.pid != 0) ++running;
    }
    return use;
  });
}

model::DockerFacts Engine::facts() {
  file_sum_ = 0;
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
  std::string text;
  try {
    text = load(startup).now.bytes.value_or("");
    base::Digest sum(1);
    sum.add(text);
    file_sum_ = sum.value();
    const std::string file = startup.daemon_json;
    read_configured({startup.flags, text, file}, facts);
    find_retired({startup.flags, text, file}, facts);
  } catch (const base::Error&) {
    // A faulty file is no fact: read() refuses it where it matters, with the same words.
  }
  if (startup.process) {
    facts.instance = startup.process->instance;
    try {
      ask_api(facts);
      return facts;
    } catch (const base::Error& error) {
      const bool hangs = error.errno_value() == ETIMEDOUT;
      facts.unknown.push_back({model::Severity::kUnknown, "docker", error.what(),
                               hangs ? hung(systemd_runs(places_)) : "see `docker info`"});
    }
  }
  if (!facts.configured_backend.empty()) read_file_facts(text, startup.daemon_json, facts);
  return facts;
}

}  // namespace overland::docker
