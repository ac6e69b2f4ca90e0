// The adapters of this machine, put together.

#include <spdlog/spdlog.h>

#include <thread>

#include "base/deadline.h"
#include "cli/session.h"
#include "docker/engine.h"
#include "firewall/host_firewall.h"
#include "kernel/links.h"
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

}  // namespace

struct Machine::Adapters {
  explicit Adapters(const Options& options)
      : deadline(options.deadline), firewall(deadline, firewall_options(options)) {}

  base::Deadline deadline;  // before all that keep it
  kernel::RouteTable routes;
  kernel::LinkTable links;
  kernel::SysctlTree sysctls;
  firewall::HostFirewall firewall;
  docker::Engine docker{deadline};
};

Machine::Machine(const Options& options) : adapters_(std::make_unique<Adapters>(options)) {}
Machine::~Machine() = default;

void Machine::prefer_dockerd(const std::string& program) { adapters_->docker.prefer(program); }

host::Ports Machine::ports() {
  auto& all = *adapters_;
  return {all.routes,   all.links,  all.sysctls,
          all.firewall, all.docker, [](auto pause) { std::this_thread::sleep_for(pause); }};
}

}  // namespace overland::cli
