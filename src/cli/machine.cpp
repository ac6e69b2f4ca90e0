// The adapters of this machine, put together.

#include <spdlog/spdlog.h>

#include <cstdint>
#include <thread>

#include "base/deadline.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "docker/engine.h"
#include "firewall/host_firewall.h"
#include "kernel/links.h"
#include "kernel/neighbours.h"
#include "kernel/routes.h"
#include "kernel/sysctls.h"

namespace overland::cli {

namespace {

firewall::HostFirewallOptions firewall_options(const Options& options) {
  firewall::HostFirewallOptions result;
  result.variant = options.firewall;
  if (options.xtables_wait_seconds) {
    result.iptc.patience = std::chrono::seconds(*options.xtables_wait_seconds);
  }
  result.iptc.notice = [](const std::string& text) { spdlog::warn("{}", text); };
  return result;
}

/// Docker, of whose restarts a terminal is told.
class ToldDocker : public docker::Engine {
 public:
  using Engine::Engine;

  void restart() override {
    const Progress told("restarting Docker");
    Engine::restart();
  }
};

/// The firewall, of whose search for other droppers a terminal is told.
class ToldFirewall : public firewall::HostFirewall {
 public:
  using HostFirewall::HostFirewall;

  std::vector<model::Finding> droppers(const model::FirewallPolicy& desired) override {
    const Progress told("asking who else drops packets");
    return HostFirewall::droppers(desired);
  }
};

}  // namespace

struct Machine::Adapters {
  explicit Adapters(const Options& options)
      : deadline(options.deadline), firewall(deadline, firewall_options(options)) {}

  base::Deadline deadline;  // before all that keep it
  kernel::RouteTable routes;
  kernel::LinkTable links;
  kernel::NeighbourTable neighbours;
  kernel::SysctlTree sysctls;
  ToldFirewall firewall;
  ToldDocker docker{deadline};
};

Machine::Machine(const Options& options) : adapters_(std::make_unique<Adapters>(options)) {}
Machine::~Machine() = default;

void Machine::prefer_dockerd(const std::string& program) { adapters_->docker.prefer(program); }

std::uint64_t Machine::docker_file_sum() const { return adapters_->docker.file_sum(); }

std::string Machine::docker_unit_told() const { return adapters_->docker.unit_told(); }

void Machine::trust_docker_unit(const std::string& told) { adapters_->docker.trust_unit(told); }

void Machine::answer_through(std::function<host::Ports(const host::Ports&)> wrap) {
  wrap_ = std::move(wrap);
}

host::Ports Machine::ports() {
  auto& all = *adapters_;
  const auto wait = [](auto pause) { std::this_thread::sleep_for(pause); };
  const host::Ports bare = {all.routes, all.links, all.neighbours, all.sysctls, all.firewall,
                            all.docker, wait};
  return wrap_ ? wrap_(bare) : bare;
}

}  // namespace overland::cli
