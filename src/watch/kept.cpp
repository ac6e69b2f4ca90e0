#include "watch/kept.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "watch/kept_kernel.h"
#include "watch/pace.h"

namespace overland::watch {
namespace {

using host::Part;

class KeptDocker : public host::Docker {
 public:
  model::DockerFacts facts() override {
    return facts_.get({}, [&] {
      asked_ = Clock::now();
      auto facts = below->facts();
      whole_ = facts.unknown.empty();
      return facts;
    });
  }
  model::DaemonKeys read(const model::DaemonKeys& wanted) override {
    return keys_.get(wanted, [&] { return below->read(wanted); });
  }
  void apply(const plan::DockerStep& step) override {
    forget();
    below->apply(step);
  }
  std::optional<std::string> file() override { return below->file(); }
  void restore_file(const std::optional<std::string>& original) override {
    forget();
    below->restore_file(original);
  }
  void restart() override {
    forget();
    below->restart();
  }

  std::vector<model::DockerNetwork> networks() override { return below->networks(); }
  std::vector<model::NetworkMember> members(const std::string& network) override {
    return below->members(network);
  }
  std::vector<std::string> containers() override { return below->containers(); }
  void apply(const plan::NetworkStep& step) override {
    forget();
    below->apply(step);
  }

  void forget() {
    facts_.forget();
    keys_.forget();
  }
  void forget_where_old() {
    constexpr std::chrono::minutes kGood(10);
    constexpr std::chrono::seconds kDoubtful(30);
    if (Clock::now() - asked_ > (whole_ ? Clock::duration(kGood) : kDoubtful)) forget();
  }

  host::Docker* below = nullptr;

 private:
  Clock::time_point asked_;
  bool whole_ = false;
  Remembered<Nothing, model::DockerFacts> facts_;
  Remembered<model::DaemonKeys, model::DaemonKeys> keys_;
};

class KeptFirewall : public host::Firewall {
 public:
  explicit KeptFirewall(RuleHooks hooks) : hooks_(std::move(hooks)) {}

  model::FirewallFacts facts(const model::DockerFacts& docker) override {
    auto facts = facts_.get(docker, [&] {
      found_.forget();
      return look(docker);
    });
    if (!facts.unknown.empty()) facts_.forget();  // what could not be asked may be asked next time
    return facts;
  }
  std::vector<model::Finding> droppers(const model::FirewallPolicy&) override { return {}; }
  std::optional<model::Firewall> read(const model::FirewallPolicy& desired) override {
    return found_.get(desired, [&] {
      prepare();
      return below->read(desired);
    });
  }
  bool guards_links() override {
    return guards_.get({}, [&] { return below->guards_links(); });
  }
  void apply(const plan::FirewallStep& step) override {
    prepare();
    forget();
    hooks_.write([&] { below->apply(step); });
  }

  void forget() {
    facts_.forget();
    found_.forget();
  }
  /// What stands at the ingress of a link goes with it, and no event of the firewall says so.
  void forget_where_bound_to_links() {
    found_.forget_where(
        [](const model::FirewallPolicy& desired) { return !desired.ipvlan_guards.empty(); });
  }
  void stand_on(host::Firewall& machine) {
    below = &machine;
    asked_ = false;
  }

 private:
  model::FirewallFacts look(const model::DockerFacts& docker) {
    hooks_.look();
    asked_ = true;
    docker_ = docker;
    return below->facts(docker);
  }
  /// A firewall reads and writes by what its own look at the facts has left in it.
  void prepare() {
    if (!asked_) look(docker_);
  }

  RuleHooks hooks_;
  host::Firewall* below = nullptr;
  bool asked_ = false;  // facts() of what is below
  model::DockerFacts docker_;
  Remembered<model::DockerFacts, model::FirewallFacts> facts_;
  Remembered<model::FirewallPolicy, std::optional<model::Firewall>> found_;
  Remembered<Nothing, bool> guards_;  // of the kernel, for good
};

}  // namespace

struct Kept::Memory {
  explicit Memory(RuleHooks hooks) : neighbours(hooks), firewall(std::move(hooks)) {}

  KeptRoutes routes;
  KeptNeighbours neighbours;
  KeptLinks links{routes, neighbours};
  KeptFirewall firewall;
  KeptDocker docker;
};

Kept::Kept(RuleHooks hooks) : memory_(std::make_unique<Memory>(std::move(hooks))) {}

Kept::~Kept() = default;

void Kept::forget(host::Parts parts) {
  if (parts.has(Part::kRoutes)) memory_->routes.forget();
  if (parts.has(Part::kNeighbours)) memory_->neighbours.forget();
  if (parts.has(Part::kLinks)) {
    memory_->links.forget();
    memory_->firewall.forget_where_bound_to_links();
  }
  if (parts.has(Part::kDocker)) memory_->docker.forget();
  if (parts.has(Part::kDocker) || parts.has(Part::kFirewall)) memory_->firewall.forget();
}

host::Ports Kept::over(const host::Ports& machine) {
  memory_->routes.below = &machine.routes;
  memory_->links.below = &machine.links;
  memory_->neighbours.below = &machine.neighbours;
  memory_->docker.below = &machine.docker;
  memory_->firewall.stand_on(machine.firewall);
  memory_->docker.forget_where_old();
  return {memory_->routes,   memory_->links,  memory_->neighbours, machine.sysctls,
          memory_->firewall, memory_->docker, machine.wait};
}

}  // namespace overland::watch
